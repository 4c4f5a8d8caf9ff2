// Credentials of this tab: only what a person entered, and only as long as the tab lives.
import { useCredentials } from "./api.js";

const Place = "opensdc-key";

export function restore() {
  const key = sessionStorage.getItem(Place);
  if (key) useCredentials({ "x-api-key": key });
}

/** @param {string} key */
export function useKey(key) {
  if (key) {
    sessionStorage.setItem(Place, key);
    useCredentials({ "x-api-key": key });
  } else {
    sessionStorage.removeItem(Place);
    useCredentials({});
  }
}

export const hasKey = () => sessionStorage.getItem(Place) !== null;
