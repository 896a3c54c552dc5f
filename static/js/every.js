/** Doing something again and again while somebody looks at the page. */

/** Call `act` now, and `milliseconds` after each time that it has ended; while the page is hidden it waits. */
export async function every(milliseconds, act) {
  for (;;) {
    await act();
    await new Promise((go) => setTimeout(go, milliseconds));
    if (document.hidden) await new Promise((go) => document.addEventListener("visibilitychange", go, { once: true }));
  }
}
