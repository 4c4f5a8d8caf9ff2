// Credentials that a person entered or signed in for, as long as the tab lives.
import { useCredentials } from "./api.js";
import { finish, refresh } from "./oidc.js";

const Key = "opensdc-key";
const Token = "opensdc-token";

/** What went wrong on the way back from the issuer; the access view tells it once. @type {unknown} */
let fault = null;

export function takeFault() {
  const last = fault;
  fault = null;
  return last;
}

/** Takes up what the tab has: a key, a token, or an issuer's answer in the address. */
export async function restore() {
  try {
    const tokens = await finish();
    if (tokens) sessionStorage.setItem(Token, JSON.stringify(tokens));
  } catch (problem) {
    fault = problem;
  }
  const key = sessionStorage.getItem(Key), token = sessionStorage.getItem(Token);
  if (key) useCredentials({ "x-api-key": key });
  else if (token) useToken(JSON.parse(token));
}

/** @param {string} key */
export function useKey(key) {
  forget();
  if (!key) return;
  sessionStorage.setItem(Key, key);
  useCredentials({ "x-api-key": key });
}

export function forget() {
  clearTimeout(timer);
  sessionStorage.removeItem(Key);
  sessionStorage.removeItem(Token);
  useCredentials({});
}

export const isSignedIn = () => sessionStorage.getItem(Key) !== null || sessionStorage.getItem(Token) !== null;

let timer = 0;

/** A token is renewed a minute before its end, where the issuer allows it. @param {Tokens} tokens */
function useToken(tokens) {
  useCredentials({ Authorization: `Bearer ${tokens.access_token}` });
  if (!tokens.refresh_token) return;
  timer = setTimeout(async () => {
    try {
      const next = await refresh(tokens);
      sessionStorage.setItem(Token, JSON.stringify(next));
      useToken(next);
    } catch (problem) {
      fault = problem;
      forget();
      dispatchEvent(new Event("hashchange"));
    }
  }, Math.max(0, tokens.expires - Date.now() - 60000));
}
