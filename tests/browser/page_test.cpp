// SPDX-License-Identifier: GPL-2.0-or-later
// report.html as people open it: in a real Chromium, from a file.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "report/comparison.h"
#include "report/html_page.h"
#include "report/run_index.h"
#include "support/chromium.h"
#include "support/run_files.h"
#include "support/sample_comparison.h"
#include "support/temp_dir.h"

namespace gridlock {
namespace {

using test_support::TempDir;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const char* const kHostile =
    "</script><script>window.hacked=1</script><img src=x onerror=\"window.hacked=2\">";

std::string console_of_a_bug() {
  return text_of_file(std::filesystem::path(GRIDLOCK_SOURCE_DIR) /
                      "tests/testdata/consoles/self-unpatched-node1.console");
}

/// Twelve pairs; base deadlocks in nine, and head is a little slower.
RunRecord compared_run() {
  RunRecord run = sample_comparison(12, [](TrialRecord& trial, const SamplePair& pair) {
    if (!pair.is_head && pair.number <= 7) fail_with(trial, sample_deadlock());
    if (pair.is_head) with_rate(trial, 92 + pair.number % 3);
  });
  add_same_pairs(run, 4, 1.0);
  return run;
}

/// More workloads than the first screen has room for, with long names, and as many findings.
RunRecord crowded_run() {
  RunRecord all = sample_run();
  for (int i = 0; i < 14; ++i) {
    const std::string name = fmt::format("workload-{}-with-a-rather-long-name", i);
    RunRecord run = sample_comparison(
        6,
        [&](TrialRecord& trial, const SamplePair& pair) {
          if (pair.is_head)
            fail_with(
                trial,
                sample_finding(
                    "f1", "warning",
                    fmt::format("WARNING in a_function_with_a_long_name_{} that goes on and on, as "
                                "titles of lockdep reports do: &con->sock_mutex / &ip->i_rw_mutex",
                                i),
                    20));
        },
        name);
    if (i == 0) {
      all = run;
      continue;
    }
    const int before = static_cast<int>(all.trials.size());
    for (TrialRecord& trial : run.trials) {
      trial.number += before;
      trial.directory = fmt::format("trials/{}", trial.number);
      all.trials.push_back(trial);
    }
    for (PairRecord& pair : run.compare->pairs_run) {
      pair.base_trial += before;
      pair.head_trial += before;
      all.compare->pairs_run.push_back(pair);
    }
    all.compare->margins[name] = 0.05;
  }
  return all;
}

/// Everything a node, a topology or a file can say is markup.
RunRecord hostile_run() {
  RunRecord run = demo_run();
  run.topology = run.command = run.host = run.accel_reason = run.reason = kHostile;
  for (TrialRecord& trial : run.trials) {
    if (trial.outcome == Outcome::failed) trial.reason = kHostile;
    for (WorkloadRecord& workload : trial.workloads) {
      workload.name = workload.detail = workload.not_steady = kHostile;
      workload.nodes[kHostile] = workload.nodes["node1"];
    }
    for (FindingRecord& finding : trial.findings) {
      finding.title = finding.function = finding.step = finding.incomplete = kHostile;
      finding.excerpt = std::string(kHostile) + "\x1b[31m\xff\n" + kHostile;
      finding.identity += kHostile;
      finding.nodes.push_back(kHostile);
    }
    trial.oracles[kHostile].self_check = kHostile;
    trial.kernel_releases[kHostile] = kHostile;
  }
  return run;
}

struct Sample {
  RunRecord run;
  std::filesystem::path page;
};

class Page : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    const auto program = find_chromium();
    if (!program) return;
    folder_ = std::make_unique<TempDir>();
    add("demo", demo_run());
    add("compared", compared_run());
    add("crowded", crowded_run());
    add("hostile", hostile_run());
    RunRecord empty = sample_run();
    empty.outcome = Outcome::error;
    empty.reason = "the kernel could not be built";
    add("empty", empty);
    write_index();
    browser_ = std::make_unique<Chromium>(*program);
  }
  static void TearDownTestSuite() {
    browser_.reset();
    folder_.reset();
  }
  void SetUp() override {
    if (!browser_) GTEST_SKIP() << "chromium is not installed";
    browser_->emulate("", "light");
  }

  /// The page of all of them, and of a topology that ran many nights.
  static void write_index() {
    std::vector<IndexedRun> runs;
    for (int night = 0; night < 40; ++night) {
      RunRecord run = sample_comparison(
          4, [&](TrialRecord& trial, const SamplePair&) { with_rate(trial, 100 + night % 7); });
      run.topology = "nightly";
      run.id = fmt::format("nightly-{}", night);
      run.started = sample_time() + std::chrono::hours(24 * night);
      run.outcome = night % 9 == 0 ? Outcome::failed : Outcome::passed;
      runs.push_back(index_run(run));
      runs.back().page = "compared/report.html";
    }
    for (const auto& [name, sample] : samples_) {
      runs.push_back(index_run(sample.run));
      runs.back().page = name + "/report.html";
    }
    put_file(folder_->path() / "index.html", index_page(runs));
  }

  static void add(const std::string& name, RunRecord run) {
    const std::filesystem::path directory = folder_->path() / name;
    const std::string console =
        name == "hostile" ? "[    1.0] BUG: unable to handle page fault for address: 0\n" +
                                std::string(kHostile) + "\n"
                          : console_of_a_bug();
    write_run_files(run, directory, {}, console);
    put_file(directory / "report.html", html_report(run, directory));
    samples_[name] = {std::move(run), directory / "report.html"};
  }

  /// Opens a page, and says what went wrong in it.
  static void open(const std::string& name, Chromium::Scripts scripts = Chromium::Scripts::on,
                   const std::string& anchor = {}) {
    browser_->open(samples_.at(name).page, scripts, anchor);
    EXPECT_THAT(browser_->problems(), IsEmpty()) << name;
    EXPECT_THAT(browser_->requests(), IsEmpty()) << name;
  }
  static Json evaluate(const std::string& expression) { return browser_->evaluate(expression); }
  static std::vector<std::string> names() {
    std::vector<std::string> out;
    for (const auto& [name, sample] : samples_) out.push_back(name);
    return out;
  }
  /// Draws every chart that is not folded away, and waits until it is.
  static void draw_all() {
    evaluate(
        "(async () => { for (const box of document.querySelectorAll('[data-chart]')) {"
        " if (box.closest('details:not([open])')) continue; box.scrollIntoView();"
        " for (let i = 0; i < 100 && !Chart.getChart(box.querySelector('canvas')); ++i)"
        " await new Promise(r => setTimeout(r, 50)); } })()");
  }

  static inline std::unique_ptr<TempDir> folder_;
  static inline std::unique_ptr<Chromium> browser_;
  static inline std::map<std::string, Sample> samples_;
};

TEST_F(Page, OpensFromAFileWithoutErrorsAndAsksForNothing) {
  for (const std::string& name : names()) {
    open(name);
    draw_all();
    EXPECT_THAT(browser_->problems(), IsEmpty()) << name;
    EXPECT_THAT(browser_->requests(), IsEmpty()) << name;
    EXPECT_EQ(evaluate("document.compatMode"), "CSS1Compat") << name;
  }
}

TEST_F(Page, FirstScreenFits1280By800) {
  for (const std::string& name : names()) {
    open(name);
    EXPECT_LE(
        evaluate("document.getElementById('summary').getBoundingClientRect().bottom").get<double>(),
        800)
        << name;
    EXPECT_LE(evaluate("document.documentElement.scrollWidth").get<double>(), 1280) << name;
    // Nothing of it lies outside its own box.
    EXPECT_LE(evaluate("Math.max(...[...document.querySelectorAll('#summary *')].map(e => "
                       "e.getBoundingClientRect().right))")
                  .get<double>(),
              1280)
        << name;
  }
}

TEST_F(Page, FirstScreenNeedsNoScript) {
  const char* const kSeen =
      "document.getElementById('summary').innerText + document.querySelectorAll('#summary "
      "svg').length";
  for (const std::string& name : names()) {
    open(name, Chromium::Scripts::off);
    EXPECT_EQ(evaluate("document.documentElement.classList.contains('scripted')"), false) << name;
    const Json without = evaluate(kSeen);
    EXPECT_LE(
        evaluate("document.getElementById('summary').getBoundingClientRect().bottom").get<double>(),
        800)
        << name;
    // Charts that nobody draws leave no holes.
    EXPECT_EQ(
        evaluate("[...document.querySelectorAll('figure')].filter(f => f.offsetHeight > 0).length"),
        0)
        << name;
    open(name);
    EXPECT_EQ(evaluate(kSeen), without) << name;
    EXPECT_GT(without.get<std::string>().size(), 100u) << name;
  }
}

TEST_F(Page, EveryAnchorResolvesAndIsUnique) {
  for (const std::string& name : names()) {
    open(name);
    EXPECT_THAT(
        evaluate("[...document.querySelectorAll('a[href^=\"#\"]')].map(a => "
                 "a.getAttribute('href').slice(1)).filter(id => !document.getElementById(id))"),
        IsEmpty())
        << name;
    EXPECT_EQ(evaluate("(() => { const ids = [...document.querySelectorAll('[id]')].map(e => e.id);"
                       " return ids.length - new Set(ids).size; })()"),
              0)
        << name;
    const auto trials = samples_.at(name).run.trials.size();
    EXPECT_EQ(evaluate("document.querySelectorAll('details.trial').length"), trials) << name;
    if (trials > 0) {
      EXPECT_NE(evaluate("document.getElementById('trial-1')"), Json()) << name;
    }
  }
}

TEST_F(Page, HostileTextStaysText) {
  open("hostile");
  draw_all();
  EXPECT_EQ(evaluate("typeof window.hacked"), "undefined");
  EXPECT_EQ(evaluate("document.querySelectorAll('script:not([type])').length"), 2);
  EXPECT_EQ(evaluate("document.querySelectorAll('img, iframe, object, embed, link').length"), 0);
  EXPECT_EQ(evaluate("[...document.querySelectorAll('*')].flatMap(e => [...e.attributes])"
                     ".filter(a => a.name.startsWith('on')).length"),
            0);
  // It is there to be read, where it was said: in a title, a name, a raw line and a chart's lane.
  EXPECT_THAT(evaluate("document.getElementById('summary').innerText").get<std::string>(),
              HasSubstr(kHostile));
  EXPECT_THAT(evaluate("document.querySelector('#findings pre').textContent").get<std::string>(),
              HasSubstr(kHostile));
  EXPECT_THAT(evaluate("document.querySelector('#repeat pre').textContent").get<std::string>(),
              HasSubstr(kHostile));
  EXPECT_THAT(
      evaluate("[...document.querySelectorAll('script[type=\"application/json\"]')].map(s => "
               "JSON.parse(s.textContent)).filter(d => d.lanes).flatMap(d => d.lanes)")
          .dump(),
      HasSubstr("script"));
}

TEST_F(Page, DrawsWhatTheRecordSays) {
  open("compared");
  draw_all();
  const RunRecord& run = samples_.at("compared").run;
  // The first trial that failed is open: its lanes are its nodes, its marks its findings.
  EXPECT_EQ(evaluate("document.querySelectorAll('details.trial[open]').length"), 1);
  const int number =
      evaluate("Number(document.querySelector('details.trial[open]').id.slice(6))").get<int>();
  const TrialRecord& trial = run.trials.at(static_cast<std::size_t>(number - 1));
  EXPECT_EQ(trial.outcome, Outcome::failed);
  evaluate(
      "window.lanes = Chart.getChart(document.querySelector('details.trial[open] "
      "[data-chart=lanes] canvas'))"
      ", 0");
  EXPECT_EQ(evaluate("lanes.data.labels.length"), run.nodes);
  EXPECT_EQ(
      evaluate("lanes.data.datasets.filter(s => s.type === 'bar').flatMap(s => s.data).length"),
      trial.steps.size() * static_cast<std::size_t>(run.nodes));
  EXPECT_EQ(
      evaluate(
          "lanes.data.datasets.filter(s => s.label === 'finding').flatMap(s => s.data).length"),
      trial.findings.size() * static_cast<std::size_t>(run.nodes));
  // A finding is drawn at its second: where the axis has it.
  EXPECT_NEAR(
      evaluate(
          "lanes.scales.x.getValueForPixel(lanes.getDatasetMeta(lanes.data.datasets.findIndex(s => "
          "s.label === 'finding')).data[0].x)")
          .get<double>(),
      trial.findings[0].at, 0.05);
  // Throughput goes on until the workload was stuck: a third of 20 s after its begin at 3 s.
  const Json last = evaluate(
      "(() => { const c = Chart.getChart(document.querySelector('details.trial[open] "
      "[data-chart=throughput] canvas')); return Math.max(...c.data.datasets[0].data.filter(p => "
      "p.y > 0.5)"
      ".map(p => p.x)); })()");
  EXPECT_NEAR(last.get<double>(), 3 + 20.0 / 3, 1.0);
  // Pairs: those whose trials both completed, and no others.
  const Comparison comparison = compare_run(run);
  EXPECT_EQ(evaluate("Chart.getChart(document.querySelector('[data-chart=pairs] "
                     "canvas')).data.datasets[0].data.length"),
            comparison.trials.at(0).workloads.at(0).points.size());
  EXPECT_EQ(
      evaluate(
          "Chart.getChart(document.querySelector('[data-chart=survival] canvas')).data.datasets"
          ".map(s => s.label)"),
      Json::array({"unpatched", "patched"}));
  // Every chart has ink.
  EXPECT_EQ(
      evaluate(
          "[...document.querySelectorAll('canvas')].filter(c => Chart.getChart(c)).filter(c => "
          "!c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(v => v !== "
          "0)).length"),
      0);
}

TEST_F(Page, OfAllRunsOpensFromAFileAndLeadsToTheirPages) {
  browser_->open(folder_->path() / "index.html");
  draw_all();
  EXPECT_THAT(browser_->problems(), IsEmpty());
  EXPECT_THAT(browser_->requests(), IsEmpty());
  const Json links = evaluate(
      "[...new Set([...document.querySelectorAll('a[href]')].map(a => a.href))].filter(h => "
      "!h.includes('#'))");
  EXPECT_EQ(links.size(), samples_.size());
  for (const Json& link : links) {
    const std::string url = link.get<std::string>();
    ASSERT_TRUE(url.starts_with("file://")) << url;
    EXPECT_TRUE(std::filesystem::exists(url.substr(7))) << url;
  }
  EXPECT_THAT(evaluate("[...document.querySelectorAll('a[href^=\"#\"]')].map(a => a.hash.slice(1))"
                       ".filter(id => !document.getElementById(id))"),
              IsEmpty());
  EXPECT_EQ(evaluate("document.querySelectorAll('#runs tbody tr').length"), 40 + samples_.size());
  // Each topology has a chart with ink; that of the nights has both kernels' lines and the
  // outcomes.
  EXPECT_EQ(evaluate("[...document.querySelectorAll('canvas')].filter(c => !Chart.getChart(c) || "
                     "!c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(v => v "
                     "!== 0)).length"),
            0);
  EXPECT_EQ(evaluate("Chart.getChart([...document.querySelectorAll('section')].find(s => "
                     "s.querySelector('h2')?.textContent === 'nightly').querySelector('canvas'))"
                     ".data.datasets.map(s => [s.label, s.data.length])"),
            Json::parse(R"([["mmap-dio on patched", 40], ["mmap-dio on unpatched", 40],
                            ["passed", 35], ["failed", 5]])"));
  EXPECT_LE(evaluate("document.documentElement.scrollWidth").get<double>(), 1280);
  EXPECT_EQ(evaluate("window.hacked === undefined"), true);
}

TEST_F(Page, DrawsEffectsToScale) {
  open("compared");
  const Comparison comparison = compare_run(samples_.at("compared").run);
  const ThroughputComparison& workload = comparison.trials.at(0).workloads.at(0);
  ASSERT_TRUE(workload.effect.interval);
  // Percent a pixel, from the margin's band, whose width is known.
  const double band =
      evaluate("document.querySelector('#summary rect.band').width.baseVal.value").get<double>();
  const double middle =
      evaluate("document.querySelector('#summary line.axis').x1.baseVal.value").get<double>();
  const double scale = 2 * workload.margin / band;
  const auto at = [&](const char* what) {
    return (evaluate(fmt::format("document.querySelector('#summary {}.baseVal.value", what))
                .get<double>() -
            middle) *
           scale;
  };
  EXPECT_NEAR(at("circle.point').cx"), workload.effect.ratio, 0.002);
  EXPECT_NEAR(at("line.range').x1"), workload.effect.interval->low, 0.002);
  EXPECT_NEAR(at("line.range').x2"), workload.effect.interval->high, 0.002);
}

TEST_F(Page, ALinkOpensWhatIsFoldedAway) {
  open("compared", Chromium::Scripts::on, "trial-2");
  EXPECT_EQ(evaluate("document.getElementById('trial-2').open"), true);
  EXPECT_EQ(evaluate("document.getElementById('trial-3').open"), false);
  evaluate("(location.hash = '#trial-3', new Promise(r => setTimeout(r, 200)))");
  EXPECT_EQ(evaluate("document.getElementById('trial-3').open"), true);
}

TEST_F(Page, CanBeReadByMachinesAndReachedByKeys) {
  for (const std::string& name : names()) {
    open(name);
    EXPECT_EQ(evaluate("document.documentElement.lang"), "en");
    EXPECT_EQ(evaluate("['header', 'main', 'nav', 'footer', 'h1'].map(t => "
                       "document.querySelectorAll(t).length)"),
              Json::array({1, 1, 1, 1, 1}))
        << name;
    for (const char* const wrong :
         {"table:not(:has(> caption))", "th:not([scope])", "canvas:not([aria-label])",
          "svg:not([aria-label])", "section:not([aria-label]):not([aria-labelledby])",
          "pre:not([tabindex])", "details > :not(summary):first-child"})
      EXPECT_EQ(evaluate(fmt::format("document.querySelectorAll('{}').length", wrong)), 0)
          << name << ": " << wrong;
    EXPECT_THAT(
        evaluate("[...document.querySelectorAll('[aria-labelledby]')].map(e => "
                 "e.getAttribute('aria-labelledby')).filter(id => !document.getElementById(id))"),
        IsEmpty())
        << name;
    // Headings go down one level at a time.
    EXPECT_LE(evaluate("(() => { let worst = 0, last = 0; for (const h of "
                       "document.querySelectorAll('h1,h2,h3,h4')) "
                       "{ const n = Number(h.tagName[1]); worst = Math.max(worst, n - last); last "
                       "= n; } return worst; })()")
                  .get<int>(),
              1)
        << name;
  }
  open("demo");
  browser_->command(
      "Input.dispatchKeyEvent",
      {{"type", "keyDown"}, {"key", "Tab"}, {"code", "Tab"}, {"windowsVirtualKeyCode", 9}});
  EXPECT_EQ(evaluate("document.activeElement.className"), "skip");
  EXPECT_GE(evaluate("document.activeElement.getBoundingClientRect().left").get<double>(), 0);
  EXPECT_NE(evaluate("getComputedStyle(document.activeElement).outlineStyle"), "none");
}

TEST_F(Page, HasContrastInLightAndDark) {
  // WCAG 2.1, success criterion 1.4.3: 4.5 to 1 for text.
  const char* const kWorst = R"((() => {
    const parts = (c) => c.match(/[\d.]+/g).map(Number);
    const light = (c) => { const [r, g, b] = parts(c).map(v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
    const behind = (e) => { for (; e; e = e.parentElement) { const c = parts(getComputedStyle(e).backgroundColor); if (c.length === 3 || c[3] > 0) return getComputedStyle(e).backgroundColor; } return 'rgb(255,255,255)'; };
    let worst = 99, where = '';
    for (const e of document.querySelectorAll('body *')) {
      if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) || e.offsetHeight === 0 || e.closest('svg, script, style')) continue;
      const a = light(getComputedStyle(e).color), b = light(behind(e));
      const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      if (ratio < worst) { worst = ratio; where = e.outerHTML.slice(0, 200); }
    }
    return [worst, where]; })())";
  std::vector<std::string> papers;
  for (const char* const scheme : {"light", "dark"}) {
    browser_->emulate("", scheme);
    for (const char* const name : {"demo", "compared"}) {
      open(name);
      const Json worst = evaluate(kWorst);
      EXPECT_GE(worst[0].get<double>(), 4.5) << scheme << " " << name << ": " << worst[1];
    }
    papers.push_back(
        evaluate("getComputedStyle(document.body).backgroundColor").get<std::string>());
  }
  EXPECT_NE(papers[0], papers[1]);
}

TEST_F(Page, PrintsLightWithItsCharts) {
  browser_->emulate("", "dark");
  open("compared");
  const std::string dark =
      evaluate("getComputedStyle(document.body).backgroundColor").get<std::string>();
  evaluate(
      "addEventListener('beforeprint', () => { window.paper = "
      "getComputedStyle(document.body).backgroundColor;"
      " window.drawn = [...document.querySelectorAll('[data-chart]')].filter(b => "
      "!b.closest('details:not([open])')).every(b => Chart.getChart(b.querySelector('canvas'))); "
      "})");
  EXPECT_EQ(browser_->pdf().substr(0, 5), "%PDF-");
  EXPECT_EQ(evaluate("window.paper"), "rgb(255, 255, 255)");
  EXPECT_EQ(evaluate("window.drawn"), true);
  EXPECT_EQ(evaluate("getComputedStyle(document.body).backgroundColor"), dark);
}

TEST_F(Page, FitsANarrowWindow) {
  browser_->command("Emulation.setDeviceMetricsOverride",
                    {{"width", 420}, {"height", 800}, {"deviceScaleFactor", 1}, {"mobile", false}});
  for (const std::string& name : names()) {
    open(name);
    EXPECT_LE(evaluate("document.documentElement.scrollWidth").get<double>(), 420) << name;
  }
  browser_->command(
      "Emulation.setDeviceMetricsOverride",
      {{"width", 1280}, {"height", 800}, {"deviceScaleFactor", 1}, {"mobile", false}});
}

}  // namespace
}  // namespace gridlock

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  if (!gridlock::find_chromium()) {
    std::puts("skipped: chromium is not installed");
    return 77;
  }
  return RUN_ALL_TESTS();
}
