/* Conditions of a segment, clicked together over the text field that is sent as JSON. Everything is a plain control, so
   that the keyboard reaches all of it; what is chosen is written into the text at once. */
"use strict";

(() => {
  const made = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (name in element && typeof value !== "string") element[name] = value;
      else element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
  };
  const labelled = (text, control) => made("label", {}, text, control);
  const fen = (typed) => {
    const found = /^(\d{1,9})(?:\.(\d{1,2}))?$/.exec(typed);
    return found ? Number(found[1]) * 100 + Number((found[2] || "").padEnd(2, "0")) : typed;
  };
  const yuan = (amount) => (Number.isInteger(amount) ? (amount / 100).toFixed(2).replace(/\.00$/, "") : amount);

  const edit = (text) => {
    const spec = JSON.parse(text.dataset.conditions);
    const names = JSON.parse(text.dataset.names || "{}");
    const kinds = new Map(spec.kinds.map((kind) => [kind.is, kind]));
    let tree;
    try {
      tree = text.value.trim() ? JSON.parse(text.value) : { op: "all", not: false, of: [] };
    } catch {
      return; // What cannot be read stays as it was typed.
    }
    if (!tree || !Array.isArray(tree.of)) return;

    const box = made("div", { class: "conditions" });
    const told = made("p", { class: "conditions-told", role: "status" }, "");
    let waiting = 0;
    let asked = 0;

    const write = () => {
      text.value = JSON.stringify(tree);
      text.dispatchEvent(new Event("input", { bubbles: true }));
      clearTimeout(waiting);
      waiting = setTimeout(count, 600);
    };
    const count = async () => {
      const mine = ++asked;
      if (!tree.of.length) return say("请至少添加一个条件", true);
      say("正在计算……");
      const token = text.form.querySelector("[name=csrfmiddlewaretoken]").value;
      const answer = await fetch(text.dataset.try, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": token },
        body: text.value,
      }).then(
        (response) => response.json(),
        () => ({ faults: ["暂时无法计算，请稍后重试"] }),
      );
      if (mine !== asked) return;
      if (answer.faults) say(answer.faults.join("；"), true);
      else say(`${answer.told}：${answer.meaning}`);
    };
    const say = (words, wrong = false) => {
      told.textContent = words;
      told.toggleAttribute("data-wrong", wrong);
    };

    const turned = (node, words) => {
      const control = made("input", { type: "checkbox", checked: Boolean(node.not) });
      control.addEventListener("change", () => { node.not = control.checked; write(); });
      return made("label", {}, control, words);
    };

    const figure = (node, one) => {
      const money = one.sort === "money";
      const kept = node[one.name];
      const control = made("input", { type: "text", inputmode: money ? "decimal" : "numeric" });
      control.value = kept === null || kept === undefined ? "" : money ? yuan(kept) : kept;
      control.addEventListener("input", () => {
        const typed = control.value.trim();
        node[one.name] = typed === "" ? null : money ? fen(typed) : /^\d{1,10}$/.test(typed) ? Number(typed) : typed;
        write();
      });
      // Enter sends no half-made form.
      control.addEventListener("keydown", (event) => {
        if (event.key === "Enter" && !event.isComposing) event.preventDefault();
      });
      return made("label", {}, one.label, control, one.unit);
    };

    const choice = (node, one) => {
      const options = one.options.map(([value, label]) =>
        made("option", { value, selected: node[one.name] === value }, label),
      );
      const control = made("select", {}, ...options);
      node[one.name] = control.value;
      control.addEventListener("change", () => { node[one.name] = control.value; write(); });
      return labelled(one.label, control);
    };

    // Some of many: what is chosen in one line, which opens to a list with a box to search it.
    const several = (node, one) => {
      node[one.name] = node[one.name] || [];
      const called = new Map(Object.entries(names[one.source] || {}));
      (one.options || []).forEach(([value, label]) => called.set(String(value), label));
      const head = made("summary", {}, "");
      const list = made("div", { class: "conditions-choices", role: "group", "aria-label": one.label });
      const search = made("input", { type: "search", placeholder: "输入名称查找", "aria-label": `查找${one.label}` });
      const summed = () => {
        const chosen = node[one.name].map((value) => (called.get(String(value)) || String(value)).trim());
        head.textContent = `${one.label}：${chosen.join("、") || "请选择"}`;
      };
      const show = (options) => {
        const rows = options.map(([value, label, shown]) => {
          called.set(String(value), label);
          // Kept for when everything is drawn anew.
          (names[one.source] = names[one.source] || {})[value] = label;
          const control = made("input", { type: "checkbox", checked: node[one.name].includes(value) });
          control.addEventListener("change", () => {
            node[one.name] = node[one.name].filter((other) => other !== value);
            if (control.checked) node[one.name].push(value);
            summed();
            write();
          });
          return made("label", {}, control, shown || label);
        });
        list.replaceChildren(...(rows.length ? rows : ["没有找到"]));
      };
      const load = async () => {
        const typed = search.value.trim();
        if (one.options) return show(one.options.filter(([, label]) => label.includes(typed)));
        const query = new URLSearchParams({ source: one.source, typed });
        const answer = await fetch(`${text.dataset.options}?${query}`).then((response) => response.json());
        return show(answer.options || []);
      };
      let later = 0;
      search.addEventListener("input", () => { clearTimeout(later); later = setTimeout(load, 250); });
      search.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
      const details = made("details", {}, head, search, list);
      details.addEventListener("toggle", () => { if (details.open && !list.children.length) load(); });
      summed();
      return details;
    };

    const controls = { figure, money: figure, choice, several, rows: several };
    const removed = (node, within) =>
      made("button", { type: "button", onclick: () => {
        within.of = within.of.filter((other) => other !== node);
        draw();
        write();
        box.querySelector("select").focus();
      } }, "删除");

    const condition = (node, within) => {
      const kind = kinds.get(node.is);
      if (!kind) return made("div", { class: "conditions-row" }, "不认识的条件", removed(node, within));
      const fields = kind.asks.map((one) => controls[one.sort](node, one));
      return made("div", { class: "conditions-row", role: "group", "aria-label": kind.label },
        made("strong", {}, kind.label), ...fields, turned(node, "取反"), removed(node, within));
    };

    const group = (node, within, depth) => {
      const op = made("select", { "aria-label": "组合方式" },
        ...spec.ops.map(([value, label]) => made("option", { value, selected: node.op === value }, label)));
      op.addEventListener("change", () => { node.op = op.value; write(); });
      const headings = [...new Set(spec.kinds.map((kind) => kind.heading))];
      const add = made("select", { "aria-label": "添加条件" }, made("option", { value: "" }, "＋ 添加条件"),
        ...headings.map((heading) => made("optgroup", { label: heading },
          ...spec.kinds.filter((kind) => kind.heading === heading)
            .map((kind) => made("option", { value: kind.is }, kind.label)))));
      const put = (part) => {
        node.of.push(part);
        draw();
        write();
      };
      const adds = made("button", { type: "button", onclick: () => {
        if (add.value) put({ is: add.value, not: false });
        else add.focus();
      } }, "添加");
      // By mouse choosing is enough; by keyboard the arrows only look, and the button adds.
      let byMouse = false;
      add.addEventListener("pointerdown", () => { byMouse = true; });
      add.addEventListener("keydown", () => { byMouse = false; });
      add.addEventListener("change", () => { if (byMouse && add.value) put({ is: add.value, not: false }); });
      const head = made("div", { class: "conditions-head" }, op, turned(node, "取反"), add, adds);
      if (depth < spec.deepest) {
        head.append(made("button", { type: "button", onclick: () => put({ op: "any", not: false, of: [] }) }, "＋ 条件组"));
      }
      if (within) head.append(removed(node, within));
      return made("fieldset", {}, head,
        ...node.of.map((part) => (part.op ? group(part, node, depth + 1) : condition(part, node))));
    };

    const draw = () => {
      const open = made("button", { type: "button", onclick: count }, "计算人数");
      box.replaceChildren(group(tree, null, 1), open, told);
    };

    draw();
    text.hidden = true;
    text.after(box);
    if (tree.of.length) count();
  };

  const start = () => document.querySelectorAll("textarea[data-conditions]").forEach(edit);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
