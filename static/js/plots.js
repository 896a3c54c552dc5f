/** Small plots of the last hour, a line a process; the cursor is at the same moment in all of them. */

import uPlot from "../vendor/uPlot.esm.js";
import { clock, figure } from "./words.js";

const PLOTS = [
  { title: "Connections", keys: ["connections"] },
  { title: "Deliveries a second", keys: ["deliveriesPerSecond"] },
  { title: "Latency: p50 dashed, p99", unit: "ms", keys: ["latencyP50", "latencyP99"] },
  { title: "Hub lag", unit: "ms", keys: ["hubLag"] },
  { title: "Backlog", unit: "events", keys: ["backlog"] },
  { title: "Memory", unit: "MB", keys: ["memory"] },
];
const HEIGHT = 168;
const LONGEST_HOLE = 2.5; // points that a line goes across: one may be late
const COLOURS = 6; // in now.css
const DASHED = "latencyP50";
const DARK = matchMedia("(prefers-color-scheme: dark)");

export class Plots {
  #place = document.getElementById("plots");
  #template = document.getElementById("plot");
  #figures;
  #drawn = []; // a plot each
  #processes = "";

  constructor(figures) {
    this.#figures = figures;
    DARK.addEventListener("change", () => this.#build());
    new ResizeObserver(() => this.#fit()).observe(this.#place);
  }

  /** Draw what the figures hold now. */
  draw() {
    if (this.#figures.processes.join() !== this.#processes) return this.#build();
    const [min, max] = this.#figures.range;
    for (const { plot, of } of this.#drawn) {
      plot.batch(() => {
        plot.setData(this.#figures.series(of.keys), false);
        plot.setScale("x", { min, max });
      });
      this.#read(plot, of);
    }
  }

  /** Processes have come or gone, or the colours are others. */
  #build() {
    for (const { plot } of this.#drawn) plot.destroy();
    this.#processes = this.#figures.processes.join();
    this.#place.replaceChildren();
    this.#drawn = this.#figures.processes.length === 0 ? [] : PLOTS.map((of) => ({ of, plot: this.#plot(of) }));
  }

  #plot(of) {
    const element = this.#template.content.firstElementChild.cloneNode(true);
    element.querySelector("h2").textContent = of.unit ? `${of.title}, ${of.unit}` : of.title;
    const canvas = element.querySelector(".canvas");
    this.#place.append(element);
    const options = { ...this.#look(), width: widthOf(canvas), height: HEIGHT, series: [{}, ...this.#lines(of)] };
    options.hooks = { setCursor: [(plot) => this.#read(plot, of)] };
    const plot = new uPlot(options, this.#figures.series(of.keys), canvas);
    canvas.addEventListener("keydown", (event) => step(plot, event));
    canvas.addEventListener("blur", () => plot.setCursor({ left: -10, top: -10 }, true, true));
    this.#read(plot, of);
    return plot;
  }

  #look() {
    const [muted, line] = ["--muted", "--line"].map(colour);
    const grid = { stroke: line, width: 1 };
    const axis = { stroke: muted, font: "12px system-ui, sans-serif", grid, ticks: { show: false } };
    const hours = (plot, times) => times.map((time) => clock(new Date(time * 1_000)).slice(0, 5));
    const figures = (plot, values) => values.map((value) => figure(value).replace(/\.0+$/, ""));
    return {
      legend: { show: false },
      cursor: { sync: { key: "now" }, drag: { x: false, y: false }, y: false },
      scales: {
        x: { auto: false, range: () => this.#figures.range },
        y: { range: (plot, min, max) => [0, max > 0 ? max * 1.1 : 1] },
      },
      axes: [
        { ...axis, values: hours, space: 64, size: 28 },
        { ...axis, values: figures, space: 36, size: 52 },
      ],
    };
  }

  #lines({ keys }) {
    const isHole = (plot, [left, right]) => seconds(plot, right - left) > LONGEST_HOLE * this.#figures.pause;
    const lonely = (plot, line) => alone(plot.data[0], plot.data[line], LONGEST_HOLE * this.#figures.pause);
    return this.#figures.processes.flatMap((process, index) =>
      keys.map((key) => ({
        label: process,
        stroke: colourOf(index),
        width: 1.5,
        dash: key === DASHED ? [4, 4] : undefined,
        points: { show: true, size: 4, width: 0, fill: colourOf(index), filter: lonely },
        gaps: (plot, line, from, to, gaps) => gaps.filter((gap) => isHole(plot, gap)),
      })),
    );
  }

  /** Say the values beneath the cursor, else the newest. */
  #read(plot, { title, keys }) {
    const index = plot.cursor.idx;
    const [times, ...lines] = plot.data;
    const at = index == null ? [] : [clock(new Date(times[index] * 1_000))];
    const values = this.#figures.processes.map((process, number) => {
      const newest = this.#figures.lastOf(process);
      const then = (line) => lines[number * keys.length + line][index];
      return keys.map((key, line) => figure(index == null ? newest[key] : then(line))).join(" / ");
    });
    const canvas = plot.root.parentElement;
    canvas.previousElementSibling.querySelector(".reading").replaceChildren(...values.map(valueOf), ...at);
    const told = values.map((value, number) => `${value} in ${this.#figures.processes[number]}`);
    canvas.setAttribute("aria-label", `${title}: ${[...at, ...told].join(", ")}`);
  }

  #fit() {
    for (const { plot } of this.#drawn) plot.setSize({ width: widthOf(plot.root.parentElement), height: HEIGHT });
  }
}

/** What a process of that number had, with its colour. */
function valueOf(text, number) {
  const item = Object.assign(document.createElement("span"), { className: "of", textContent: text });
  item.style.setProperty("--of", colourOf(number));
  return item;
}

/** The colour of the process of that number, in every place that shows it. */
export function colourOf(index) {
  return colour(`--process-${index % COLOURS}`);
}

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function widthOf(canvas) {
  const { paddingLeft, paddingRight } = getComputedStyle(canvas);
  return canvas.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
}

function seconds(plot, pixels) {
  const { min, max } = plot.scales.x;
  return (pixels / plot.bbox.width) * (max - min);
}

/** Which values no line leads to: in `hole` seconds before and behind them there is no other. */
function alone(times, values, hole) {
  const there = values.flatMap((value, index) => (value === null ? [] : [index]));
  const isFar = (a, b) => a === undefined || b === undefined || times[b] - times[a] > hole;
  return there.filter((index, at) => isFar(there[at - 1], index) && isFar(index, there[at + 1]));
}

/** By the arrow keys from one moment to the next, beginning at the newest. */
function step(plot, event) {
  const steps = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (steps === undefined) return;
  event.preventDefault();
  const times = plot.data[0];
  const index = Math.min(times.length - 1, Math.max(0, (plot.cursor.idx ?? times.length) + steps));
  plot.setCursor({ left: plot.valToPos(times[index], "x"), top: HEIGHT / 3 }, true, true);
}
