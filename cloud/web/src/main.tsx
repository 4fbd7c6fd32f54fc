import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { attend } from "./state/attendance";
import "./styles/index.css";

const place = document.getElementById("console");
if (place === null) throw new Error("index.html has no #console");
attend();
createRoot(place).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
