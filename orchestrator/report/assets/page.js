// SPDX-License-Identifier: GPL-2.0-or-later
"use strict";
// Draws the charts below the first screen with Chart.js, each when it comes into view, from JSON that
// stands in the page. All that they show is in tables beside them.
(function () {
  const root = document.documentElement;
  root.classList.add("scripted");

  const colour = (name) => getComputedStyle(root).getPropertyValue("--" + name).trim();
  const kDashes = [[], [6, 3], [2, 2], [8, 3, 2, 3]];
  const kAxisWidth = 92;
  const kStepColours = {
    start: "boot", restore: "boot", join: "boot", connect: "form", form: "form", format: "mount",
    mount: "mount", work: "work", verify: "verify",
  };
  const kMarks = {
    finding: { label: "finding", style: "triangle", colour: "bad" },
    workload: { label: "workload begins", style: "circle", colour: "head" },
    fault: { label: "done on purpose", style: "star", colour: "head" },
    lost: { label: "node lost", style: "crossRot", colour: "bad" },
    other: { label: "other event", style: "rectRot", colour: "doubt" },
  };

  const read = (id) => JSON.parse(document.getElementById(id).textContent);

  // Every node gets a hue of its own, and of eight and more a dash too.
  function nodeColour(index, count) {
    const dark = colour("paper") !== "#ffffff";
    const hue = Math.round((210 + (360 * index) / Math.max(count, 3)) % 360);
    return "hsl(" + hue + " 55% " + (dark ? 66 : 42) + "%)";
  }

  function axis(title, more) {
    return Object.assign({
      title: { display: title !== "", text: title, color: colour("soft") },
      ticks: { color: colour("soft") },
      grid: { color: colour("line"), borderColor: colour("line") },
    }, more);
  }

  function options(more) {
    return Object.assign({
      animation: false, responsive: true, maintainAspectRatio: false, normalized: true,
      interaction: { mode: "nearest", intersect: true },
    }, more);
  }

  const legend = (more) => Object.assign({
    position: "bottom", align: "start",
    labels: { color: colour("ink"), boxWidth: 12, boxHeight: 10, usePointStyle: false },
  }, more);

  const wide = (scale) => { scale.width = kAxisWidth; };

  // Writes each span's name into its bar, where there is room.
  const names = {
    id: "names",
    afterDatasetsDraw(chart) {
      const context = chart.ctx;
      context.save();
      context.font = "11px system-ui, sans-serif";
      context.fillStyle = colour("ink");
      context.textBaseline = "middle";
      chart.data.datasets.forEach((set, i) => {
        if (set.type !== "bar" || !chart.isDatasetVisible(i)) return;
        chart.getDatasetMeta(i).data.forEach((bar, j) => {
          const at = bar.getProps(["x", "base", "y"], true);
          const left = Math.min(at.x, at.base), width = Math.abs(at.x - at.base);
          const name = set.data[j].name;
          if (context.measureText(name).width + 8 < width) context.fillText(name, left + 4, at.y);
        });
      });
      context.restore();
    },
  };

  function lanes(data) {
    const sets = new Map();
    for (const span of data.spans) {
      if (!sets.has(span.name)) {
        const kind = colour(kStepColours[span.name] || "other");
        sets.set(span.name, {
          type: "bar", label: span.name, pointStyle: "rect", data: [], grouped: false, backgroundColor: kind,
          borderColor: colour("paper"), borderWidth: { left: 0, right: 1 }, borderSkipped: false,
          barThickness: 20, order: 2,
        });
      }
      sets.get(span.name).data.push({ x: [span.begin, span.end], y: span.lane, name: span.name });
    }
    for (const mark of data.marks) {
      const key = kMarks[mark.kind] ? mark.kind : "other";
      const label = kMarks[key].label;
      if (!sets.has("mark " + key)) {
        sets.set("mark " + key, {
          type: "scatter", label: label, data: [], pointStyle: kMarks[key].style, pointRadius: 6,
          borderColor: colour(kMarks[key].colour), backgroundColor: colour(kMarks[key].colour),
          pointBorderWidth: 2, order: 1,
        });
      }
      sets.get("mark " + key).data.push({ x: mark.at, y: mark.lane, name: mark.text });
    }
    return {
      type: "bar",
      data: { labels: data.lanes.map((name, i) => i), datasets: [...sets.values()] },
      plugins: [names],
      options: options({
        indexAxis: "y",
        scales: {
          x: axis("seconds since the trial began", { type: "linear", min: 0, max: data.end }),
          y: axis("", {
            type: "category", offset: true, afterFit: wide,
            ticks: { color: colour("ink"), callback: (value) => data.lanes[value] },
          }),
        },
        plugins: {
          legend: legend({ labels: { color: colour("ink"), boxWidth: 12, boxHeight: 10, usePointStyle: true } }),
          tooltip: {
            callbacks: {
              title: (items) => data.lanes[items[0].parsed.y],
              label: (item) => {
                const x = item.raw.x;
                const when = Array.isArray(x) ? x[0].toFixed(1) + " to " + x[1].toFixed(1) + " s"
                                              : x.toFixed(1) + " s";
                return item.raw.name + ": " + when;
              },
            },
          },
        },
      }),
    };
  }

  function throughput(data) {
    const sets = data.nodes.map((node, i) => {
      const line = nodeColour(i, data.nodes.length);
      return {
        label: node.name, borderColor: line, backgroundColor: line.replace(")", " / 0.28)"),
        borderWidth: 1.5, borderDash: kDashes[Math.floor(i / 4) % kDashes.length], pointRadius: 0,
        pointHitRadius: 6, fill: i === 0 ? "origin" : "-1", stepped: "middle",
        data: node.values.map((value, bin) => ({ x: data.begin + (bin + 0.5) * data.step, y: value })),
      };
    });
    return {
      type: "line", data: { datasets: sets },
      options: options({
        interaction: { mode: "index", intersect: false },
        scales: {
          x: axis("seconds since the trial began", { type: "linear", min: 0, max: data.end }),
          y: axis(data.unit, { type: "linear", min: 0, stacked: true, afterFit: wide }),
        },
        plugins: { legend: legend(), tooltip: { callbacks: {
          title: (items) => items[0].parsed.x.toFixed(1) + " s",
          label: (item) => item.dataset.label + ": " + item.parsed.y.toFixed(1) + " " + data.unit,
        } } },
      }),
    };
  }

  function pairs(data) {
    const joined = [];
    for (const pair of data.pairs) joined.push({ x: pair.place, y: pair.base }, { x: pair.place, y: pair.head }, { x: pair.place, y: NaN });
    const points = (which, label, style, name) => ({
      type: "scatter", label: label, pointStyle: style, pointRadius: 5, order: 1,
      borderColor: colour(name), backgroundColor: colour(name),
      data: data.pairs.map((pair) => ({ x: pair.place, y: pair[which], pair: pair })),
    });
    return {
      type: "scatter",
      data: { datasets: [
        points("base", data.base, "circle", "base"), points("head", data.head, "triangle", "head"),
        { type: "line", label: "same pair", data: joined, borderColor: colour("soft"), borderWidth: 1,
          pointRadius: 0, spanGaps: false, order: 2 },
      ] },
      options: options({
        scales: {
          x: axis("pair, in the order they ran", { type: "linear", min: 0.5, max: data.pairs.length + 0.5, ticks: { stepSize: 1, color: colour("soft"), callback: (v) => Number.isInteger(v) ? v : "" } }),
          y: axis(data.unit, { type: "linear", afterFit: wide, grace: "10%" }),
        },
        plugins: {
          legend: legend({ labels: { color: colour("ink"), usePointStyle: true } }),
          tooltip: { callbacks: { label: (item) => {
            const pair = item.raw.pair;
            if (!pair) return "";
            return item.dataset.label + ": " + item.parsed.y.toFixed(2) + " " + data.unit + " (pair " + pair.number + ", " + pair.order + ")";
          } } },
        },
      }),
    };
  }

  function survival(data) {
    const curve = (steps, label, name, dash) => ({
      label: label, stepped: "before", borderColor: colour(name), backgroundColor: colour(name),
      borderWidth: 2, borderDash: dash, pointRadius: 0, pointHitRadius: 6,
      data: steps.map((step) => ({ x: step.seconds, y: 100 * step.share, step: step })),
    });
    return {
      type: "line",
      data: { datasets: [curve(data.base, data.base_name, "base", [5, 3]), curve(data.head, data.head_name, "head", [])] },
      options: options({
        scales: {
          x: axis("seconds of work", { type: "linear", min: 0, max: data.end }),
          y: axis("still well, %", { type: "linear", min: 0, max: 100, afterFit: wide }),
        },
        plugins: { legend: legend(), tooltip: { callbacks: { label: (item) =>
          item.dataset.label + ": " + item.parsed.y.toFixed(0) + " % well, " + item.raw.step.at_risk + " trials watched" } } },
      }),
    };
  }

  const kOutcomes = {
    passed: {lane: 'passed', style: 'circle', colour: 'good'},
    failed: {lane: 'failed', style: 'triangle', colour: 'bad'},
    other: {lane: 'no verdict', style: 'rectRot', colour: 'doubt'},
  };
  const dayOf = (ms) => new Date(ms).toISOString().slice(0, 10);

  // Outcomes in lanes of their own, below them the throughput of each workload and kernel in
  // percent of its median, so that different ones share an axis.
  function trend(data) {
    const lanes = Object.values(kOutcomes).map((kind) => kind.lane);
    const sets = data.trends.map(
        (line, i) => ({
          type: 'line',
          label: line.name,
          yAxisID: 'share',
          pointRadius: 2.5,
          pointHitRadius: 8,
          borderWidth: 1.5,
          borderColor: nodeColour(i, data.trends.length),
          backgroundColor: nodeColour(i, data.trends.length),
          borderDash: kDashes[Math.floor(i / 4) % kDashes.length],
          data: line.points.map(
              (point) =>
                  ({x: point.at, y: point.share, name: point.rate.toFixed(1) + ' operations/s'})),
        }));
    for (const [name, kind] of Object.entries(kOutcomes)) {
      const runs =
          data.runs.filter((run) => (kOutcomes[run.outcome] ? run.outcome : 'other') === name);
      if (runs.length === 0) continue;
      sets.push({
        type: 'scatter',
        label: kind.lane,
        yAxisID: 'outcome',
        pointStyle: kind.style,
        pointRadius: 5,
        borderColor: colour(kind.colour),
        backgroundColor: colour(kind.colour),
        data: runs.map((run) => ({x: run.at, y: kind.lane, name: run.outcome + ', ' + run.id})),
      });
    }
    const times = data.runs.map((run) => run.at);
    const first = Math.min(...times), last = Math.max(...times),
          edge = Math.max((last - first) / 40, 3.6e6);
    const scales = {
      x: axis('', {
        type: 'linear',
        min: first - edge,
        max: last + edge,
        ticks: {color: colour('soft'), maxTicksLimit: 12, callback: dayOf},
      }),
      outcome: axis('', {
        type: 'category',
        labels: lanes,
        offset: true,
        afterFit: wide,
        position: 'left',
        stack: 'trend',
        stackWeight: 1,
        ticks: {color: colour('ink')},
      }),
    };
    if (data.trends.length > 0)
      scales.share = axis('% of its median', {
        type: 'linear',
        afterFit: wide,
        grace: '10%',
        position: 'left',
        stack: 'trend',
        stackWeight: 2,
      });
    return {
      type: 'scatter',
      data: {datasets: sets},
      options: options({
        scales: scales,
        plugins: {
          legend: legend({labels: {color: colour('ink'), usePointStyle: true}}),
          tooltip: {
            callbacks: {
              title: (items) =>
                  new Date(items[0].parsed.x).toISOString().slice(0, 16).replace('T', ' '),
              label: (item) => item.dataset.yAxisID === 'share' ?
                  item.dataset.label + ': ' + item.raw.name :
                  item.raw.name,
            }
          },
        },
      }),
    };
  }

  const kMakers = {
    lanes: lanes,
    throughput: throughput,
    pairs: pairs,
    survival: survival,
    trend: trend
  };
  const drawn = new Map();  // element -> Chart

  function draw(box) {
    if (drawn.has(box)) return;
    const data = read(box.dataset.source);
    if (box.dataset.chart === "lanes") box.style.height = 90 + 30 * data.lanes.length + "px";
    if (box.dataset.chart === 'trend')
      box.style.height = (data.trends.length > 0 ? 340 : 170) + 'px';
    drawn.set(box, new Chart(box.querySelector("canvas"), kMakers[box.dataset.chart](data)));
  }

  function redraw() {
    for (const box of [...drawn.keys()]) {
      drawn.get(box).destroy();
      drawn.delete(box);
      draw(box);
    }
  }

  const visible = (box) => !box.closest("details:not([open])");
  const boxes = [...document.querySelectorAll("[data-chart]")];
  const watcher = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) draw(entry.target);
  }, { rootMargin: "300px" });
  boxes.forEach((box) => watcher.observe(box));

  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  addEventListener("beforeprint", () => {
    root.classList.add("on-paper");
    redraw();
    boxes.filter(visible).forEach(draw);
    for (const chart of drawn.values()) chart.resize();
  });
  addEventListener("afterprint", () => {
    root.classList.remove("on-paper");
    redraw();
  });

  // A link to what is folded away opens it.
  function show() {
    const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    if (!target) return;
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    target.scrollIntoView();
  }
  addEventListener("hashchange", show);
  show();

  for (const bar of document.querySelectorAll(".toolbar")) {
    const list = bar.parentElement.querySelectorAll("details." + bar.dataset.opens);
    for (const [text, open] of [["Open all", true], ["Close all", false]]) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = text;
      button.addEventListener("click", () => { for (const each of list) each.open = open; });
      bar.append(button, " ");
    }
  }
})();
