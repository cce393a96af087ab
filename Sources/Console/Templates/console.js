// What pages do by themselves while they are looked at. Without it every page still works, by reloading.
"use strict";

(() => {
  const staleAfter = 15;

  // Says how old the numbers are; the server tells at least every few seconds that it is there.
  const freshness = (() => {
    let heardAt = Date.now();
    let last = "";
    const say = (key, seconds) => {
      for (const status of document.querySelectorAll("[data-live-status]")) {
        const text = (status.dataset[key] || "").replace("{n}", String(seconds ?? ""));
        if (status.textContent !== text) status.textContent = text;
        status.className = "live " + key;
      }
    };
    const tick = () => {
      if (last) return say(last);
      const seconds = Math.round((Date.now() - heardAt) / 1000);
      say(seconds >= staleAfter ? "stale" : "updated", seconds);
    };
    return {
      heard() { heardAt = Date.now(); last = ""; tick(); },
      over() { last = "over"; tick(); },
      trouble(message) {
        for (const status of document.querySelectorAll("[data-live-status]")) {
          status.textContent = status.dataset.trouble + " " + message;
          status.className = "live stale";
        }
        last = "";
      },
      start() { tick(); setInterval(tick, 1000); },
    };
  })();

  // Makes `old` like `fresh` and touches only what differs, so that focus, selection and open questions stay.
  const morph = (old, fresh) => {
    if (old.matches && (old.matches("[data-live-status]") || isOpen(old))) return;
    if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName) return old.replaceWith(fresh);
    if (old.nodeType === Node.TEXT_NODE) {
      if (old.data !== fresh.data) old.data = fresh.data;
      return;
    }
    if (old.nodeType !== Node.ELEMENT_NODE) return;
    for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
    for (const { name, value } of fresh.attributes) {
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    morphChildren(old, fresh);
  };

  const morphChildren = (old, fresh) => {
    const before = [...old.childNodes];
    const after = [...fresh.childNodes];
    after.forEach((node, index) => {
      if (index < before.length) morph(before[index], node);
      else old.append(node);
    });
    for (const node of before.slice(after.length)) node.remove();
  };

  const isOpen = (element) => {
    try { return element.matches(":popover-open"); } catch { return false; }
  };

  // The server's HTML is escaped there and runs no script here: the page's policy allows none.
  const region = (element) => {
    const source = new EventSource(element.dataset.live);
    source.addEventListener("snapshot", (event) => {
      const holder = document.createElement("template");
      holder.innerHTML = JSON.parse(event.data).html;
      element.normalize();
      holder.content.normalize();
      morphChildren(element, trimmed(holder.content, element));
      freshness.heard();
    });
    source.addEventListener("beat", freshness.heard);
    source.addEventListener("trouble", (event) => freshness.trouble(JSON.parse(event.data).message));
    source.addEventListener("end", () => { source.close(); freshness.over(); });
  };

  // A page begins its region with a line break that the part alone does not have.
  const trimmed = (fresh, old) => {
    const first = old.firstChild;
    if (first && first.nodeType === Node.TEXT_NODE && fresh.firstChild.nodeType !== Node.TEXT_NODE) {
      fresh.prepend(first.cloneNode());
    }
    return fresh;
  };

  const log = (element) => {
    const follow = document.querySelector("[data-follow]");
    const toEnd = () => { if (!follow || follow.checked) element.scrollTop = element.scrollHeight; };
    const source = new EventSource(element.dataset.log);
    source.addEventListener("lines", (event) => {
      element.append(JSON.parse(event.data).text);
      toEnd();
      freshness.heard();
    });
    source.addEventListener("beat", freshness.heard);
    source.addEventListener("trouble", (event) => freshness.trouble(JSON.parse(event.data).message));
    source.addEventListener("end", () => { source.close(); freshness.over(); });
    if (follow) follow.addEventListener("change", toEnd);
    toEnd();
  };

  const regions = document.querySelectorAll("[data-live]");
  const logs = document.querySelectorAll("[data-log]");
  if (regions.length + logs.length > 0) freshness.start();
  regions.forEach(region);
  logs.forEach(log);
})();
