// What a question is answered with. Each control is {node, value(), key(event)}: what is drawn, the
// answer about places as it stands or null, and whether a key was meant for it. Controls without a
// value answer by one click. Which one a question gets says controls.py.
"use strict";

function save(hint = "") {
  const saves = { type: "button", class: "primary", id: "save", onclick: () => answer(control.value()) };
  const button = make("button", saves, key("↵"), "Save answer");
  return make("div", { class: "save" }, button, make("span", { class: "hint" }, hint));
}

function between(ends) {
  const words = ends.map((end) => make("span", {}, end));
  return make("div", { class: "ends", "aria-hidden": "true" }, ...words);
}

function missing(words) {
  notice(words);
  return null;
}

const digit = (event, options) => options.findIndex((option) => option.key && option.key === event.key);
const step = (event) => ({ ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 })[event.key] ?? 0;

function walk(buttons, event) {
  const move = step(event);
  if (!move) return false;
  const count = buttons.length;
  const now = buttons.indexOf(document.activeElement);
  const outside = move > 0 ? 0 : count - 1;
  buttons[now < 0 ? outside : (now + move + count) % count].focus();
  return true;
}

const CONTROLS = {
  buttons({ options, ends }) {
    const buttons = options.map(({ value, label, note, key: digit }) => {
      const click = (event) => event.detail < 2 && answer(value);
      const words = [key(digit === label ? "" : digit), capital(label), note ? make("small", {}, note) : ""];
      return make("button", { type: "button", "data-value": value, onclick: click }, ...words);
    });
    const short = options.length < 4 || options.every((option) => option.label.length < 3);
    const size = options.length > 7 ? "many" : short ? "short" : "";
    const node = make("div", {}, make("div", { class: `options ${size}` }, ...buttons));
    if (ends) node.append(between(ends));
    return {
      node,
      key(event) {
        const chosen = digit(event, options);
        if (chosen >= 0 && !event.repeat) answer(options[chosen].value);
        return chosen >= 0 || walk(buttons, event);
      },
    };
  },

  order({ options }) {
    const order = [];
    const cards = [...document.querySelectorAll(".card")];
    const buttons = options.map((option, place) => {
      const pressed = { type: "button", "aria-pressed": "false", onclick: () => toggle(place) };
      return make("button", pressed, key(option.key), capital(option.label), make("small"));
    });
    function toggle(place) {
      if (order.includes(place)) order.splice(order.indexOf(place), 1);
      else order.push(place);
      buttons.forEach((button, i) => {
        const rank = order.indexOf(i);
        button.setAttribute("aria-pressed", rank >= 0);
        const words = rank < 0 ? "" : `rank ${rank + 1}`;
        button.lastChild.textContent = words + (rank === 0 ? ", the best" : "");
        cards[i].classList.toggle("ranked", rank >= 0);
        cards[i].querySelector(".place").textContent = words;
      });
    }
    const click = (place) => () => getSelection().isCollapsed && toggle(place);
    cards.forEach((node, place) => node.addEventListener("click", click(place)));
    const hint = "Click the best one first, then the next best, and so on.";
    return {
      node: make("div", {}, make("div", { class: "options" }, ...buttons), save(hint)),
      value() {
        const left = options.length - order.length;
        if (!left) return order;
        return missing(`Put all ${options.length} in order first; ${left} still lack a place.`);
      },
      key(event) {
        const chosen = digit(event, options);
        if (chosen >= 0 && !event.repeat) toggle(chosen);
        if (event.key === "Backspace" && order.length) toggle(order.at(-1));
        return chosen >= 0 || event.key === "Backspace" || walk(buttons, event);
      },
    };
  },

  slider({ low, high, ends }) {
    const size = high - low;
    const settings = { type: "range", min: low, max: high, step: size / 200, "aria-label": task.question };
    const input = make("input", { ...settings, oninput: () => set(input.value) });
    const output = make("output", {}, "–");
    let touched = false;
    function set(value) {
      input.value = value;
      touched = true;
      output.textContent = Number(Number(input.value).toPrecision(3));
    }
    const up = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 };
    return {
      node: make("div", {}, make("div", { class: "slider" }, input, output), between(ends), save()),
      value: () => (touched ? Number(input.value) : missing("Move the slider first.")),
      key(event) {
        if (/^[1-9]$/.test(event.key)) set(low + (size * (event.key - 1)) / 8);
        else if (up[event.key]) set(Number(input.value) + (up[event.key] * size) / 50);
        else return false;
        return true;
      },
    };
  },

  rows({ rows }) {
    const drawn = rows.map((row, i) => ROWS[row.input](row, `row${i}`));
    const nodes = drawn.map((row) => row.node);
    let active = 0;
    function activate(i) {
      active = Math.min(Math.max(i, 0), rows.length - 1);
      nodes.forEach((node, k) => node.classList.toggle("active", k === active));
    }
    nodes.forEach((node, i) => node.addEventListener("focusin", () => activate(i)));
    activate(0);
    return {
      node: make("div", {}, make("div", { class: "rows" }, ...nodes), save()),
      value() {
        const values = drawn.map((row) => row.value());
        const open = values.findIndex((value) => value === null);
        if (open < 0) return values;
        activate(open);
        return missing(`Choose something for “${rows[open].label}” first.`);
      },
      key(event) {
        const move = { ArrowUp: -1, ArrowDown: 1 }[event.key] ?? 0;
        if (move) {
          activate(active + move);
          nodes[active].querySelector("select, input:checked, input").focus();
          return true;
        }
        if (rows[0].input === "check") {
          const chosen = digit(event, rows);
          if (chosen >= 0) drawn[chosen].set(1 - drawn[chosen].value());
          if (chosen >= 0) activate(chosen);
          return chosen >= 0;
        }
        const chosen = digit(event, rows[active].options);
        if (chosen < 0) return false;
        drawn[active].set(rows[active].options[chosen].value);
        activate(active + 1);
        return true;
      },
    };
  },

  marks({ labels, names, length }) {
    const marks = new Array(length).fill(0);
    let brush = null;
    const chips = labels.map((label, i) => {
      // Pointers paint on their way down; what comes as a click without one is the space bar.
      const click = (event) => event.detail === 0 && paint(i, (marks[i] + 1) % 3);
      return make("button", { type: "button", "data-step": i, onclick: click }, label);
    });
    function paint(i, mark) {
      marks[i] = mark;
      chips[i].dataset.mark = mark;
      chips[i].setAttribute("aria-label", `${labels[i]}: ${names[mark]}`);
    }
    chips.forEach((_, i) => paint(i, 0));
    const under = ({ clientX, clientY }) =>
      document.elementFromPoint(clientX, clientY)?.closest("[data-step]");
    const node = make("div", { class: "marks", role: "group", "aria-label": "steps",
      onpointerdown(event) {
        const chip = event.button === 0 && under(event);
        if (!chip) return;
        brush = (marks[chip.dataset.step] + 1) % 3;
        paint(Number(chip.dataset.step), brush);
      },
      onpointermove(event) {
        const chip = brush !== null && event.buttons && under(event);
        if (chip) paint(Number(chip.dataset.step), brush);
      },
      onpointerup() { brush = null; },
      onpointercancel() { brush = null; },
    }, ...chips);
    return {
      node: make("div", {}, node, save(`Click or drag: ${names[1]}, ${names[2]}, ${names[0]}.`)),
      value: () => marks,
      key(event) {
        const mark = ["0", "1", "2"].indexOf(event.key);
        const now = chips.indexOf(document.activeElement);
        if (mark >= 0 && now >= 0) {
          paint(now, mark);
          chips[Math.min(now + 1, chips.length - 1)].focus();
        }
        return mark >= 0 || walk(chips, event);
      },
    };
  },
};

// Lines of "rows": each is {node, value(), set(value)}.
const ROWS = {
  select({ label, options, optional }, id) {
    const made = options.map((option) => make("option", { value: option.value }, option.label));
    const open = optional ? [] : [make("option", { value: "" }, "choose …")];
    const input = make("select", { id }, ...open, ...made);
    const words = make("label", { class: "label", for: id }, capital(label));
    return {
      // Where only one thing can be said, there is nothing to choose.
      node: make("div", { class: "row", hidden: options.length === 1 }, words, input),
      value: () => (input.value === "" ? null : Number(input.value)),
      set: (value) => { input.value = value; },
    };
  },

  radio({ label, options }, name) {
    const inputs = options.map(({ value }) => make("input", { type: "radio", name, value }));
    const labels = options.map((option, i) => (
      make("label", {}, inputs[i], make("span", {}, key(option.key), option.label))));
    const words = make("span", { class: "label" }, capital(label));
    const group = { class: "row", role: "radiogroup", "aria-label": label };
    return {
      node: make("div", group, words, ...labels),
      value() {
        const chosen = inputs.find((input) => input.checked);
        return chosen ? Number(chosen.value) : null;
      },
      set: (value) => { inputs.find((input) => input.value === String(value)).checked = true; },
    };
  },

  check({ label, key: digit }, id) {
    const input = make("input", { type: "checkbox", id });
    const words = make("span", {}, key(digit), label);
    return {
      node: make("div", { class: "row" }, make("label", { for: id }, input, words)),
      value: () => (input.checked ? 1 : 0),
      set: (value) => { input.checked = value === 1; },
    };
  },
};
