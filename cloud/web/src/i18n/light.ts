/** Brings the texts of the light plan; whoever shows it imports this. */
import { addTexts } from "./dictionary";
import en from "./light.en.json";
import vi from "./light.vi.json";

addTexts({ vi, en });
