/* The grid of options × SKUs on a product's page: draws the text that the form holds, and writes back what is typed.
   No library, no inline handlers: it works under a strict Content-Security-Policy. */
"use strict";

(() => {
  const CELLS = [
    { name: "code", label: "商家编码", hint: "留空自动生成", wide: true },
    { name: "price", label: "售价（元）", money: true },
    { name: "market", label: "划线价（元）", money: true },
    { name: "cost", label: "成本（元）", money: true },
    { name: "weight", label: "重量（克）" },
    { name: "stock", label: "库存" },
  ];

  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (name === "class") element.className = value;
      else if (name in element) element[name] = value;
      else element.setAttribute(name, value);
    }
    element.append(...children.filter((child) => child !== null));
    return element;
  };

  class Grid {
    constructor(root) {
      this.text = root.querySelector("[data-grid-text]");
      this.told = JSON.parse(document.getElementById(root.dataset.told).textContent);
      try {
        this.state = JSON.parse(this.text.value);
      } catch {
        this.state = { options: [], skus: [] };
      }
      this.faults = this.told.faults;
      this.state.skus.forEach((row, number) => {
        Object.assign((row.was ??= {}), this.told.now[number] || {});
        row.faults = this.faults[number] || {};
      });
      // What somebody else did meanwhile has been seen once the page is shown again.
      if (this.told.opened) this.state.opened = this.told.opened;
      this.told.restored.forEach((row) => this.restore(row));
      this.body = make("div");
      root.append(this.body);
      if (!this.state.skus.length) this.complete();
      this.draw();
      if (this.told.opened || this.told.restored.length) this.write();
    }

    /* ---- what there is ---- */

    blank(values) {
      const cells = Object.fromEntries(CELLS.map((cell) => [cell.name, ""]));
      return { id: null, ...cells, values, enabled: true, picture: null, url: "", was: {}, faults: {} };
    }

    restore(row) {
      this.state.options.forEach((option) => {
        const value = row.choice[option.name];
        if (value && !option.values.includes(value)) option.values.push(value);
      });
      row.values = this.state.options.map((option) => row.choice[option.name] || option.values[0]);
      row.faults = { values: this.told.opened ? "他人新增" : "不能删除，请改为停用" };
      this.state.skus.push(row);
    }

    key(values) {
      return JSON.stringify(values);
    }

    combinations() {
      return this.state.options
        .filter((option) => option.values.length)
        .reduce((made, option) => made.flatMap((one) => option.values.map((value) => [...one, value])), [[]]);
    }

    /* Add the rows that are missing, and keep all in the order of the options. */
    complete() {
      const wanted = this.combinations();
      const have = new Set(this.state.skus.map((row) => this.key(row.values)));
      const missing = wanted.filter((values) => !have.has(this.key(values)));
      if (this.state.skus.length + missing.length > this.told.most) {
        window.alert(`一件商品最多 ${this.told.most} 个 SKU，这样会有 ${this.state.skus.length + missing.length} 个。`);
        return false;
      }
      const like = this.state.skus[0];
      missing.forEach((values) => {
        const row = this.blank(values);
        if (like) for (const name of ["price", "market", "cost", "weight"]) row[name] = like[name];
        this.state.skus.push(row);
      });
      this.sort();
      return true;
    }

    sort() {
      const place = new Map(this.combinations().map((values, number) => [this.key(values), number]));
      const of = (row) => place.get(this.key(row.values)) ?? this.told.most;
      this.state.skus.sort((one, other) => of(one) - of(other));
    }

    /* Do something to options and rows; undo it where it makes too many. */
    change(act) {
      const before = JSON.stringify(this.state);
      if (act() === false || !this.complete()) this.state = JSON.parse(before);
      this.draw();
      this.write();
    }

    write() {
      const sent = {
        options: this.state.options,
        skus: this.state.skus.map(({ faults, ...row }) => row),
        opened: this.state.opened,
      };
      this.text.value = JSON.stringify(sent);
      this.text.dispatchEvent(new Event("input", { bubbles: true }));
    }

    /* ---- options ---- */

    addOption() {
      this.change(() => {
        if (this.state.options.length >= this.told.mostOptions) return false;
        this.state.options.push({ name: "", values: [] });
        return true;
      });
      this.body.querySelector(".sku-option:last-of-type .sku-option-name")?.focus();
    }

    removeOption(number) {
      const place = this.place(number);
      const merged = new Set();
      const kept = [];
      this.state.skus.forEach((row) => {
        const values = place < 0 ? row.values : row.values.filter((_, at) => at !== place);
        const key = this.key(values);
        if (!merged.has(key)) kept.push({ ...row, values });
        merged.add(key);
      });
      const lost = this.state.skus.filter((row) => row.id).length - kept.filter((row) => row.id).length;
      if (lost > 0 && !window.confirm(`删除这个规格会删除 ${lost} 个已有的 SKU，确定吗？`)) return;
      this.change(() => {
        this.state.skus = kept;
        this.state.options.splice(number, 1);
      });
    }

    /* An option without values yet has no place in the rows. */
    place(number) {
      if (!this.state.options[number].values.length) return -1;
      return this.state.options.slice(0, number).filter((option) => option.values.length).length;
    }

    addValues(number, typed) {
      const option = this.state.options[number];
      const fresh = [...new Set(typed.map((one) => one.trim()).filter(Boolean))].filter(
        (one) => !option.values.includes(one),
      );
      if (!fresh.length) return;
      if (option.values.length + fresh.length > this.told.mostValues) {
        window.alert(`一个规格最多 ${this.told.mostValues} 个值。`);
        return;
      }
      this.change(() => {
        if (!option.values.length) {
          // Rows that are there become those of the first value: their codes, prices and stock stay theirs.
          option.values.push(fresh[0]);
          const place = this.place(number);
          this.state.skus.forEach((row) => row.values.splice(place, 0, fresh[0]));
          option.values.push(...fresh.slice(1));
        } else {
          option.values.push(...fresh);
        }
      });
      this.body.querySelectorAll(".sku-option")[number]?.querySelector(".sku-more")?.focus();
    }

    renameValue(number, value, typed, input) {
      const option = this.state.options[number];
      const name = typed.trim();
      if (!name || name === value || option.values.includes(name)) {
        input.value = value;
        return;
      }
      const place = this.place(number);
      option.values[option.values.indexOf(value)] = name;
      this.state.skus.forEach((row) => {
        if (row.values[place] === value) row.values[place] = name;
      });
      this.draw();
      this.write();
    }

    removeValue(number, value) {
      const place = this.place(number);
      const going = this.state.skus.filter((row) => row.values[place] === value);
      const old = going.filter((row) => row.id).length;
      if (old && !window.confirm(`删除「${value}」会删除 ${old} 个已有的 SKU，确定吗？`)) return;
      this.change(() => {
        const option = this.state.options[number];
        if (option.values.length === 1) {
          option.values = [];
          this.state.skus = this.state.skus.filter((row) => row.values[place] !== value);
          return;
        }
        option.values = option.values.filter((one) => one !== value);
        this.state.skus = this.state.skus.filter((row) => row.values[place] !== value);
      });
    }

    /* ---- pictures ---- */

    choose(rows) {
      const input = make("input", { type: "file", accept: "image/*" });
      input.addEventListener("change", () => input.files[0] && this.upload(input.files[0], rows));
      input.click();
    }

    async upload(file, rows) {
      const sent = new FormData();
      sent.append("picture", file);
      this.say("图片上传中…");
      let told;
      try {
        const answer = await fetch(this.told.upload, {
          method: "POST",
          body: sent,
          headers: { "X-CSRFToken": this.text.form.querySelector("[name=csrfmiddlewaretoken]").value },
        });
        told = await answer.json();
        if (!answer.ok) throw new Error(told.error || "");
      } catch (error) {
        this.say("");
        window.alert(`图片没有上传成功。${error.message}`);
        return;
      }
      rows.forEach((row) => {
        row.picture = told.token;
        row.url = told.url;
        delete row.faults.picture;
      });
      this.draw();
      this.write();
    }

    say(words) {
      this.status.textContent = words;
    }

    /* ---- filling ---- */

    fill(filters, values) {
      let filled = 0;
      this.state.skus.forEach((row) => {
        if (filters.some((value, place) => value !== "" && row.values[place] !== value)) return;
        filled += 1;
        for (const [name, value] of Object.entries(values)) {
          if (value === "" || (name === "stock" && row.id)) continue;
          row[name] = value;
          delete row.faults[name];
        }
      });
      this.drawRows();
      this.write();
      this.say(`已填入 ${filled} 行`);
    }

    /* ---- drawing ---- */

    cells() {
      return CELLS.filter(
        (cell) => (!cell.money || this.told.prices) && (cell.name !== "stock" || this.told.stock || this.told.free),
      );
    }

    draw() {
      this.rows = make("div");
      this.body.replaceChildren(this.drawOptions(), this.rows);
      this.drawRows();
    }

    drawRows() {
      const scrolled = this.rows.querySelector(".sku-scroll");
      const [top, left] = scrolled ? [scrolled.scrollTop, scrolled.scrollLeft] : [0, 0];
      this.status = make("span", { class: "sku-status", role: "status" });
      this.rows.replaceChildren(this.drawFill(), this.drawTable(), this.drawFoot());
      this.rows.querySelector(".sku-scroll").scrollTo(left, top);
    }

    drawOptions() {
      const box = make("div", { class: "sku-options" });
      this.state.options.forEach((option, number) => {
        const name = make("input", {
          class: "sku-input sku-option-name",
          value: option.name,
          placeholder: "规格，如 颜色",
          maxLength: 10,
          "aria-label": `规格 ${number + 1}`,
          oninput: (event) => {
            option.name = event.target.value;
            this.write();
          },
          // The rows only: whoever goes on to the values has just put the cursor there.
          onchange: () => this.drawRows(),
        });
        const chips = option.values.map((value) => this.drawChip(number, value));
        const more = make("input", {
          class: "sku-input sku-more",
          placeholder: "输入一个值，回车",
          maxLength: 30,
          "aria-label": `规格 ${number + 1} 的新值`,
          onkeydown: (event) => {
            if (event.key !== "Enter" || event.isComposing) return;
            event.preventDefault();
            this.addValues(number, [event.target.value]);
          },
          onpaste: (event) => {
            const lines = event.clipboardData.getData("text").split(/[\r\n\t]+/);
            if (lines.length < 2) return;
            event.preventDefault();
            this.addValues(number, lines);
          },
          onblur: (event) => event.target.value.trim() && this.addValues(number, [event.target.value]),
        });
        const gone = make("button", {
          type: "button",
          class: "sku-link",
          textContent: "删除规格",
          onclick: () => this.removeOption(number),
        });
        box.append(make("div", { class: "sku-option" }, name, make("div", { class: "sku-chips" }, ...chips, more), gone));
      });
      if (this.state.options.length < this.told.mostOptions) {
        box.append(
          make("button", {
            type: "button",
            class: "sku-button",
            textContent: this.state.options.length ? "＋ 添加规格" : "＋ 添加规格（颜色、尺寸…；没有规格不用添加）",
            onclick: () => this.addOption(),
          }),
        );
      }
      return box;
    }

    drawChip(number, value) {
      const place = this.place(number);
      const rows = this.state.skus.filter((row) => row.values[place] === value);
      const shared = rows.length && rows.every((row) => row.url && row.url === rows[0].url) ? rows[0].url : "";
      const picture = make(
        "button",
        { type: "button", class: "sku-picture", title: `「${value}」的图片`, onclick: () => this.choose(rows) },
        shared ? make("img", { src: shared, alt: "" }) : "＋图",
      );
      const name = make("input", {
        class: "sku-chip-name",
        value,
        maxLength: 30,
        size: Math.max(3, [...value].reduce((wide, sign) => wide + (sign.charCodeAt(0) > 255 ? 2 : 1), 0)),
        "aria-label": "规格值",
        onkeydown: (event) => {
          if (event.key !== "Enter" || event.isComposing) return;
          event.preventDefault();
          event.target.blur();
        },
        onchange: (event) => this.renameValue(number, value, event.target.value, event.target),
      });
      const gone = make("button", {
        type: "button",
        class: "sku-gone",
        textContent: "×",
        title: `删除「${value}」`,
        onclick: () => this.removeValue(number, value),
      });
      return make("span", { class: "sku-chip" }, picture, name, gone);
    }

    drawFill() {
      if (this.state.skus.length < 2) return make("div");
      const used = this.state.options.filter((option) => option.values.length);
      const filters = used.map((option) =>
        make(
          "select",
          { class: "sku-input", "aria-label": option.name },
          make("option", { value: "", textContent: `全部${option.name}` }),
          ...option.values.map((value) => make("option", { value, textContent: value })),
        ),
      );
      const inputs = this.cells()
        .filter((cell) => cell.name !== "code" && (cell.name !== "stock" || this.told.stock))
        .map((cell) =>
          make("input", {
            class: "sku-input sku-number",
            placeholder: cell.label,
            "aria-label": `批量填写${cell.label}`,
            inputMode: cell.money ? "decimal" : "numeric",
            name: "",
            "data-cell": cell.name,
            onkeydown: (event) => {
              if (event.key !== "Enter" || event.isComposing) return;
              event.preventDefault();
              button.click();
            },
          }),
        );
      const button = make("button", {
        type: "button",
        class: "sku-button",
        textContent: "批量填入",
        onclick: () =>
          this.fill(
            filters.map((filter) => filter.value),
            Object.fromEntries(inputs.map((input) => [input.dataset.cell, input.value.trim()])),
          ),
      });
      return make("div", { class: "sku-fill" }, ...filters, ...inputs, button);
    }

    drawTable() {
      const used = this.state.options.filter((option) => option.values.length);
      const cells = this.cells();
      const heads = ["图片", ...used.map((option) => option.name || "规格"), ...cells.map((cell) => cell.label), "启用", ""];
      const head = make("tr", {}, ...heads.map((label) => make("th", { textContent: label })));
      const rows = this.state.skus.map((row, number) => this.drawRow(row, number, used.length, cells));
      return make(
        "div",
        { class: "sku-scroll" },
        make("table", { class: "sku-table" }, make("thead", {}, head), make("tbody", {}, ...rows)),
      );
    }

    drawRow(row, number, options, cells) {
      const line = make("tr", { class: row.enabled ? "" : "sku-off" });
      const picture = make(
        "button",
        { type: "button", class: "sku-picture", title: "选择图片", onclick: () => this.choose([row]) },
        row.url ? make("img", { src: row.url, alt: "", loading: "lazy" }) : "＋图",
      );
      const bare = row.url
        ? make("button", {
            type: "button",
            class: "sku-gone",
            textContent: "×",
            title: "去掉图片",
            onclick: () => {
              row.picture = null;
              row.url = "";
              this.draw();
              this.write();
            },
          })
        : null;
      line.append(this.cell(row, "picture", picture, bare));
      for (let place = 0; place < options; place += 1) {
        line.append(make("td", { class: "sku-value" }, row.values[place] || "—", place ? null : this.fault(row, "values")));
      }
      cells.forEach((cell, place) => {
        line.append(this.cell(row, cell.name, ...this.drawCell(row, number, cell), !options && !place ? this.fault(row, "values") : null));
      });
      const enabled = make("input", {
        type: "checkbox",
        checked: row.enabled,
        "aria-label": `第 ${number + 1} 行启用`,
        onchange: (event) => {
          row.enabled = event.target.checked;
          line.classList.toggle("sku-off", !row.enabled);
          this.write();
        },
      });
      const gone = make("button", {
        type: "button",
        class: "sku-gone",
        textContent: "×",
        title: "删除这一行",
        onclick: () => {
          if (row.id && !window.confirm(`确定删除 ${row.code} 吗？`)) return;
          this.state.skus.splice(this.state.skus.indexOf(row), 1);
          this.drawRows();
          this.write();
        },
      });
      line.append(make("td", {}, enabled), make("td", {}, options ? gone : ""));
      return line;
    }

    drawCell(row, number, cell) {
      if (cell.name === "stock" && (row.id || !this.told.stock)) {
        return [make("span", { class: "sku-free", textContent: row.free === null || row.free === undefined ? "—" : `可售 ${row.free}` })];
      }
      return [
        make("input", {
          class: `sku-input ${cell.wide ? "sku-wide" : "sku-number"}`,
          value: row[cell.name] ?? "",
          placeholder: cell.hint && !row.id ? cell.hint : "",
          inputMode: cell.money ? "decimal" : cell.wide ? "text" : "numeric",
          autocomplete: "off",
          "aria-label": `第 ${number + 1} 行${cell.label}`,
          "data-cell": cell.name,
          oninput: (event) => {
            row[cell.name] = event.target.value;
            this.write();
          },
          onkeydown: (event) => this.move(event, cell.name),
          onpaste: (event) => this.paste(event, number, cell.name),
        }),
      ];
    }

    /* Enter and the arrows go to the same column of the next row; Enter must not send the page. */
    move(event, name) {
      const step = { Enter: 1, ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step || event.isComposing) return;
      event.preventDefault();
      const column = [...this.body.querySelectorAll(`tbody [data-cell="${name}"]`)];
      column[column.indexOf(event.target) + step]?.focus();
    }

    /* A column copied out of a spreadsheet goes down the column. */
    paste(event, number, name) {
      const lines = event.clipboardData.getData("text").replace(/[\r\n]+$/, "").split(/\r?\n/);
      if (lines.length < 2) return;
      event.preventDefault();
      lines.forEach((value, below) => {
        const row = this.state.skus[number + below];
        if (row && !(name === "stock" && row.id)) row[name] = value.split("\t")[0].trim();
      });
      this.drawRows();
      this.write();
    }

    cell(row, name, ...children) {
      return make("td", { class: row.faults[name] ? "sku-wrong" : "" }, ...children, this.fault(row, name));
    }

    fault(row, name) {
      return row.faults[name] ? make("div", { class: "sku-fault", textContent: row.faults[name] }) : null;
    }

    drawFoot() {
      const missing = this.combinations().length - this.state.skus.length;
      const more =
        missing > 0
          ? make("button", {
              type: "button",
              class: "sku-button",
              textContent: `补齐缺少的 ${missing} 个组合`,
              onclick: () => this.change(() => true),
            })
          : null;
      return make(
        "div",
        { class: "sku-foot" },
        `共 ${this.state.skus.length} 个 SKU`,
        more,
        this.status,
      );
    }
  }

  const start = () => document.querySelectorAll("[data-grid]").forEach((root) => new Grid(root));
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
