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

  // Asks the server what a schedule will do while it is typed; an answer that a later one overtook is dropped.
  const glance = (box) => {
    const form = box.closest("form");
    const shown = box.querySelector("[data-glance]");
    let turn = 0;
    let timer;
    const ask = async () => {
      const query = new URLSearchParams();
      for (const { name, value } of form.elements) {
        if (name && name.startsWith("schedule.")) query.set(name, value);
      }
      const mine = ++turn;
      try {
        const answer = await fetch(box.dataset.schedule + "?" + query);
        // Whoever is not signed in any more is sent to another page.
        if (!answer.ok || answer.redirected) return;
        const html = await answer.text();
        if (mine === turn) shown.innerHTML = html;
      } catch { /* The server cannot be reached: what is shown stays, and saving says so. */ }
    };
    box.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(ask, 250);
    });
  };

  // The names that a cron expression may use for its numbers; Sunday is 1.
  const cronNames = {
    4: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
    5: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
  };

  // What one field of a cron expression says, in the builder's terms; `own` for what only the text can say.
  const readCron = (text, part, least) => {
    const number = (word) => {
      if (/^\d+$/.test(word)) return Number(word);
      const index = (cronNames[part] || []).indexOf(word.toUpperCase());
      return index < 0 ? NaN : index + 1;
    };
    const upper = text.toUpperCase();
    const day = part === 3;
    const weekday = part === 5;
    let found;
    if (upper === "*") return { mode: "every" };
    if (upper === "?" && (day || weekday)) return { mode: "none" };
    if (upper === "L" && day) return { mode: "last" };
    if (upper === "LW" && day) return { mode: "lastWork" };
    if (day && (found = /^(\d+)W$/.exec(upper))) return { mode: "near", first: Number(found[1]) };
    if (weekday && (found = /^(\w+)L$/.exec(upper)) && number(found[1])) {
      return { mode: "lastOf", first: number(found[1]) };
    }
    if (weekday && (found = /^(\w+)#([1-5])$/.exec(upper)) && number(found[1])) {
      return { mode: "nth", first: number(found[1]), count: Number(found[2]) };
    }
    if ((found = /^(\w+|\*)\/(\d+)$/.exec(upper))) {
      const first = found[1] === "*" ? least : number(found[1]);
      return Number.isNaN(first) ? { mode: "own", list: text } : { mode: "step", first, count: Number(found[2]) };
    }
    if ((found = /^(\w+)-(\w+)$/.exec(upper))) {
      const [first, last] = [number(found[1]), number(found[2])];
      return Number.isNaN(first) || Number.isNaN(last) ? { mode: "own", list: text } : { mode: "range", first, last };
    }
    if (/^\w+(,\w+)*$/.test(upper) && upper.split(",").every((word) => !Number.isNaN(number(word)))) {
      return { mode: "list", list: text };
    }
    return { mode: "own", list: text };
  };

  // The other way round.
  const writeCron = ({ mode, first, last, count, list }) => {
    switch (mode) {
      case "every": return "*";
      case "none": return "?";
      case "last": return "L";
      case "lastWork": return "LW";
      case "near": return first + "W";
      case "lastOf": return first + "L";
      case "nth": return first + "#" + count;
      case "step": return first + "/" + count;
      case "range": return first + "-" + last;
      default: return list.replace(/\s+/g, "") || "*";
    }
  };

  // Which controls a way of saying a field needs.
  const cronControls = {
    range: ["first", "last"], step: ["first", "count"], list: ["list"], own: ["list"],
    near: ["first"], lastOf: ["first"], nth: ["first", "count"],
  };

  // Keeps the builder and the text of the expression alike, whichever is changed.
  const cron = (builder) => {
    const form = builder.closest("form");
    const text = form.elements["schedule.conf"];
    const type = form.elements["schedule.type"];
    const rows = [...builder.querySelectorAll("[data-part]")];
    const control = (row, name) => row.querySelector("[data-" + name + "]");
    const show = (row, said) => {
      control(row, "mode").value = said.mode;
      const needed = cronControls[said.mode] || [];
      for (const name of ["first", "last", "count", "list"]) {
        const element = control(row, name);
        element.hidden = !needed.includes(name);
        if (said[name] !== undefined) element.value = said[name];
      }
      control(row, "to").hidden = said.mode !== "range";
      control(row, "by").hidden = !needed.includes("count");
    };
    const parts = () => {
      const words = text.value.trim().split(/\s+/);
      return words.length === 6 || words.length === 7 ? words : ["0", "0", "0", "*", "*", "?"];
    };
    const fromText = () => {
      builder.hidden = type.value !== "CRON";
      const words = parts();
      rows.forEach((row, part) => show(row, readCron(words[part] || "*", part, Number(row.dataset.least))));
    };
    const fromRow = (row, part) => {
      const words = parts();
      const old = readCron(words[part] || "*", part, Number(row.dataset.least));
      const value = (name, usual) => control(row, name).value || usual;
      const said = {
        mode: control(row, "mode").value,
        first: value("first", row.dataset.least),
        last: value("last", row.dataset.most),
        count: value("count", "1"),
        list: value("list", old.mode === "own" ? words[part] : value("first", row.dataset.least)),
      };
      words[part] = writeCron(said);
      // Of the two fields that name days one says nothing.
      const other = part === 3 ? 5 : part === 5 ? 3 : -1;
      if (other > 0) {
        if (words[part] !== "?") words[other] = "?";
        else if (words[other] === "?") words[other] = "*";
        show(rows[other], readCron(words[other], other, Number(rows[other].dataset.least)));
      }
      if (words[6] === "*") words.length = 6;
      text.value = words.join(" ");
      show(row, said);
    };
    rows.forEach((row, part) => row.addEventListener("input", () => fromRow(row, part)));
    text.addEventListener("input", fromText);
    type.addEventListener("input", fromText);
    fromText();
  };

  const regions = document.querySelectorAll("[data-live]");
  const logs = document.querySelectorAll("[data-log]");
  if (regions.length + logs.length > 0) freshness.start();
  regions.forEach(region);
  logs.forEach(log);
  document.querySelectorAll("[data-schedule]").forEach(glance);
  document.querySelectorAll("[data-cron]").forEach(cron);
})();
