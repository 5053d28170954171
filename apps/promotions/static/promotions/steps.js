/* Steps of an offer as rows of two figures, over the text field that is sent: 「100-15，199-30」. */
"use strict";

(() => {
  const STEP = /(?:每?\s*满)?\s*[¥￥]?\s*([0-9.]+)\s*(?:元|件)?\s*[,，]?\s*(?:[-－–—~～]|立?减)\s*[¥￥]?\s*([0-9.]+)/g;
  const read = (text) => [...text.matchAll(STEP)].map((found) => [found[1], found[2]]);

  const draw = (text) => {
    const [first, second] = text.dataset.steps.split("|");
    const steps = read(text.value);
    // What cannot be read as steps stays as it was typed.
    if (text.value.trim() && !steps.length) return;
    const box = document.createElement("div");
    box.className = "steps";

    const write = () => {
      const typed = [...box.querySelectorAll(".steps-row")].map((row) =>
        [...row.querySelectorAll("input")].map((input) => input.value.trim()),
      );
      text.value = typed.filter((row) => row.some(Boolean)).map((row) => row.join("-")).join("，");
      text.dispatchEvent(new Event("input", { bubbles: true }));
    };

    const row = (values) => {
      const line = document.createElement("div");
      line.className = "steps-row";
      [first, second].forEach((label, place) => {
        const input = document.createElement("input");
        input.value = values[place] || "";
        input.inputMode = "decimal";
        input.setAttribute("aria-label", label);
        input.addEventListener("input", write);
        input.addEventListener("keydown", (event) => {
          if (event.key !== "Enter" || event.isComposing) return;
          event.preventDefault();
          (line.nextElementSibling || more()).querySelector("input").focus();
        });
        input.addEventListener("paste", (event) => {
          const pasted = read(event.clipboardData.getData("text"));
          if (!pasted.length) return;
          event.preventDefault();
          const rows = pasted.map(row);
          line.replaceWith(...rows);
          write();
        });
        line.append(label, input);
      });
      const gone = document.createElement("button");
      gone.type = "button";
      gone.textContent = "删除";
      gone.addEventListener("click", () => {
        line.remove();
        if (!box.querySelector(".steps-row")) more();
        write();
      });
      line.append(gone);
      return line;
    };

    const add = document.createElement("button");
    add.type = "button";
    add.textContent = "＋ 添加一档";
    add.addEventListener("click", () => more().querySelector("input").focus());
    const more = () => {
      const line = row([]);
      add.before(line);
      return line;
    };

    box.append(...(steps.length ? steps : [[]]).map(row), add);
    text.hidden = true;
    text.after(box);
  };

  const start = () => document.querySelectorAll("textarea[data-steps]").forEach(draw);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
