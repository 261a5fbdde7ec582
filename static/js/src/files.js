/**
 * The files that this one fetches when they are needed.
 */

/**
 * A module beside the script. A page that was kept may name one that a newer release has replaced:
 * then it is had by its fixed name.
 * @param {string} hashed
 * @param {string} scriptUrl
 * @returns {Promise<any>}
 */
export function fetchModule(hashed, scriptUrl) {
  const load = (/** @type {string} */ name) => import(new URL(name, scriptUrl).href);
  return load(hashed).catch(() => load(hashed.replace(/\.\w+(?=\.js$)/, "")));
}
