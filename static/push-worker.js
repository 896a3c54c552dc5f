/** The service worker: it shows pushes, and opens the page when one is clicked. It caches nothing. */

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("push", (event) => event.waitUntil(show(event.data.json())));
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data.url));
});

function show({ title, body, url, tag }) {
  const look = { body, tag, renotify: true, icon: "/static/icon.svg", data: { url } };
  return self.registration.showNotification(title, look);
}

async function open(path) {
  const wanted = new URL(path, self.location.origin);
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const page = pages.find(({ url }) => place(new URL(url)) === place(wanted)); // whatever is filtered there
  return page ? page.focus() : self.clients.openWindow(wanted.href);
}

function place({ origin, pathname }) {
  return origin + pathname;
}
