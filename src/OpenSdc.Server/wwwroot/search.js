/** @param {import("./frame.js").View} view */
export function show({ main }) { main.textContent = "…"; }
