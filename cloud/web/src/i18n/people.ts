/** Brings the texts of the pages about people; whoever shows one of them imports this. */
import { addTexts } from "./dictionary";
import en from "./people.en.json";
import vi from "./people.vi.json";

addTexts({ vi, en });
