/** Stand-ins for what a browser has and Node has not. */

/**
 * Locks as the Web Locks API grants them: one holder a name, in order, and a request that is
 * aborted while it waits rejects.
 */
export function fakeLocks() {
  const held = new Set();
  const queues = new Map();
  const names = [];

  function grantNext(name) {
    const next = queues.get(name)?.shift();
    if (!next) held.delete(name);
    else next();
  }

  return {
    names,
    isHeld: (name) => held.has(name),
    request(name, { signal, ifAvailable }, callback) {
      names.push(name);
      return new Promise((resolve, reject) => {
        const run = async () => {
          held.add(name);
          try {
            resolve(await callback({ name }));
          } catch (error) {
            reject(error);
          } finally {
            grantNext(name);
          }
        };
        if (signal?.aborted) return reject(signal.reason);
        if (!held.has(name)) return run();
        if (ifAvailable) return Promise.resolve(callback(null)).then(resolve, reject);
        const queue = queues.get(name) ?? [];
        queues.set(name, queue);
        const entry = () => {
          signal.removeEventListener("abort", leave);
          run();
        };
        const leave = () => {
          queue.splice(queue.indexOf(entry), 1);
          reject(signal.reason);
        };
        signal.addEventListener("abort", leave);
        queue.push(entry);
      });
    },
  };
}

const later = () => new Promise((resolve) => setImmediate(resolve));

/**
 * As much of IndexedDB as one database with one store needs: requests answer in later tasks, a
 * transaction ends by itself when it has none open, readwrite transactions come one after the other.
 * `puts` lists what was put, `opened` the names of the databases.
 */
export function fakeIndexedDB() {
  const databases = new Map();
  const puts = [];
  const opened = [];
  let refusing = false;

  function request(work) {
    const made = { result: undefined };
    later().then(() => {
      work(made);
      made.onsuccess?.();
    });
    return made;
  }

  function transactionOn(database, mode) {
    const transaction = { error: null };
    const waiting = [];
    const begin = mode === "readwrite" ? database.writing : Promise.resolve();
    const run = async () => {
      await begin;
      await later();
      while (waiting.length > 0) {
        await later();
        try {
          waiting.shift()();
        } catch (error) {
          // What a handler throws aborts its transaction.
          transaction.error = error;
          transaction.onabort?.();
          return;
        }
      }
      transaction.ended = true;
      transaction.oncomplete?.();
    };
    const done = run();
    if (mode === "readwrite") database.writing = done;
    const ask = (work) => {
      if (transaction.ended) throw new Error("TransactionInactiveError");
      const made = { result: undefined };
      waiting.push(() => {
        work(made);
        made.onsuccess?.();
      });
      return made;
    };
    transaction.objectStore = () => ({
      get: (key) =>
        ask((made) => {
          made.result = database.records.get(key);
        }),
      put(value, key) {
        if (mode !== "readwrite") throw new Error("ReadOnlyError");
        if (refusing) throw new Error("DataCloneError");
        puts.push(value);
        return ask(() => database.records.set(key, value));
      },
    });
    return transaction;
  }

  return {
    puts,
    opened,
    refusePuts: () => {
      refusing = true;
    },
    records: (name) => databases.get(name)?.records,
    open(name) {
      opened.push(name);
      const fresh = !databases.has(name);
      if (fresh) databases.set(name, { records: new Map(), writing: Promise.resolve() });
      const database = databases.get(name);
      const made = request(() => {
        made.result = {
          createObjectStore: () => undefined,
          transaction: (_store, mode) => transactionOn(database, mode),
          close: () => undefined,
        };
        if (fresh) made.onupgradeneeded?.();
      });
      return made;
    },
  };
}

/** A document that can be hidden and prerendered, and a window that can be left. */
export function fakePage({ hidden = false, prerendering = false } = {}) {
  const document = Object.assign(new EventTarget(), { hidden, prerendering });
  const window = new EventTarget();
  const before = Object.fromEntries(
    ["document", "addEventListener"].map((name) => [
      name,
      Object.getOwnPropertyDescriptor(globalThis, name),
    ]),
  );
  Object.assign(globalThis, { document, addEventListener: window.addEventListener.bind(window) });
  return {
    document,
    show() {
      document.hidden = false;
      document.dispatchEvent(new Event("visibilitychange"));
    },
    activate() {
      document.prerendering = false;
      document.dispatchEvent(new Event("prerenderingchange"));
    },
    leave: () => window.dispatchEvent(new Event("pagehide")),
    restore() {
      for (const [name, descriptor] of Object.entries(before)) {
        if (descriptor) Object.defineProperty(globalThis, name, descriptor);
        else delete globalThis[name];
      }
    },
  };
}

/** Lets everything that is due in this and the next few tasks happen. */
export async function settle(turns = 20) {
  for (let i = 0; i < turns; i++) await later();
}
