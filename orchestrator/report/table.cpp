// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "base/text.h"
#include "report/columns.h"
#include "report/kernel_text.h"
#include "report/summary.h"

namespace gridlock {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kWidestName = 24;
/// Narrower than this, kernels are shown below each other instead of side by side.
constexpr std::size_t kNarrowestDetail = 22;
constexpr std::size_t kLongestDetail = 1000;
/// More trials of one name on one kernel than this are counted instead of listed.
constexpr std::size_t kMostCells = 4;

/// How a trial on one kernel ended, in a word and a line or a few.
struct Cell {
  std::string word;
  Tone tone = Tone::plain;
  std::string detail;
};

std::string rates(const WorkloadCounters& total) {
  const auto& read = total.read_bytes_per_second;
  const auto& write = total.write_bytes_per_second;
  if (read && write)
    return fmt::format("read {:.1f}, write {:.1f} MB/s", *read / 1e6, *write / 1e6);
  if (read) return fmt::format("read {:.1f} MB/s", *read / 1e6);
  return write ? fmt::format("write {:.1f} MB/s", *write / 1e6) : "";
}

/// "412 /s, 103.0 MB/s, p50 2.1 ms, p99 8.4 ms": what a workload did in its steady window.
std::string steady_text(const SteadyRecord& steady) {
  std::string text = steady.operations_per_second < 100
                         ? fmt::format("{:.1f} /s", steady.operations_per_second)
                         : fmt::format("{:.0f} /s", steady.operations_per_second);
  if (steady.bytes_per_second > 0)
    text += fmt::format(", {:.1f} MB/s", steady.bytes_per_second / 1e6);
  const auto time = [](double us) {
    return us < 1000 ? fmt::format("{:.0f} us", us) : fmt::format("{:.1f} ms", us / 1000);
  };
  if (steady.latency)
    text +=
        fmt::format(", p50 {}, p99 {}", time(steady.latency->p50_us), time(steady.latency->p99_us));
  return text;
}

/// "240 blocks lost, 3 seen torn (not judged)": what mmap-dio found where the file system promises
/// less than whole new data (docs/topology.md, "What is checked"); empty if it found none.
std::string unjudged_text(const WorkloadRecord& workload) {
  if (workload.program != "mmap-dio") return {};
  const auto blocks = [&](const char* name) {
    const auto note = workload.total.notes.find(name);
    if (note == workload.total.notes.end()) return 0.0;
    const double* const number = std::get_if<double>(&note->second);
    return number == nullptr ? 0.0 : *number;
  };
  std::vector<std::string> parts;
  if (blocks("lost") > 0) parts.push_back(fmt::format("{:.0f} blocks lost", blocks("lost")));
  if (blocks("torn") > 0)
    parts.push_back(
        fmt::format("{:.0f}{} seen torn", blocks("torn"), parts.empty() ? " blocks" : ""));
  return parts.empty() ? "" : join(parts, ", ") + " (not judged)";
}

bool has_rate(const TrialRecord& trial) {
  return std::any_of(trial.workloads.begin(), trial.workloads.end(),
                     [](const WorkloadRecord& workload) {
                       return !rates(workload.total).empty() || workload.total.steady.has_value();
                     });
}

std::string kind_of(const RunRecord& run, const std::string& name) {
  const auto kernel = std::ranges::find(run.kernels, name, &KernelRecord::name);
  return kernel == run.kernels.end() ? "debug" : kernel_kind(*kernel);
}

/// Says of which kernels the throughput shown means nothing.
void add_throughput_note(Page& page, const RunRecord& run,
                         const std::vector<std::string>& kernels) {
  for (const std::string_view kind : {"debug", "prebuilt"}) {
    std::vector<std::string> names;
    for (const std::string& kernel : kernels) {
      const auto shown = [&](const TrialRecord& trial) {
        return trial.kernel == kernel && trial.outcome == Outcome::passed && has_rate(trial);
      };
      if (kind_of(run, kernel) == kind && std::ranges::any_of(run.trials, shown))
        names.push_back(printable(kernel));
    }
    if (!names.empty())
      page.labelled(
          "", fmt::format("({} kernel: throughput not compared: {})", kind, join(names, ", ")));
  }
}

/// What the workloads of a trial did that went well.
std::string what_was_done(const TrialRecord& trial) {
  std::vector<std::string> lines;
  for (const WorkloadRecord& workload : trial.workloads) {
    const std::string rate = rates(workload.total);
    std::string what = rate.empty() ? printable(workload.detail, kLongestDetail) : rate;
    if (rate.empty() && workload.total.steady) what += "\n" + steady_text(*workload.total.steady);
    if (const std::string unjudged = unjudged_text(workload); !unjudged.empty())
      what += "\n" + unjudged;
    if (const std::string cost = kernel_text(workload); !cost.empty()) what += "\n" + cost;
    lines.push_back(trial.workloads.size() == 1 ? what : printable(workload.name) + ": " + what);
  }
  return join(lines, "\n");
}

Cell cell_of(const TrialRecord& trial, const RunRecord& run) {
  switch (trial.outcome) {
    case Outcome::passed:
      return {"ok", Tone::good, what_was_done(trial)};
    case Outcome::failed:
      return {"FAIL", Tone::bad, what_went_wrong(trial, run)};
    case Outcome::error:
      return {"ERROR", Tone::doubtful, what_went_wrong(trial, run)};
    case Outcome::interrupted:
      return {"interrupted", Tone::doubtful, what_went_wrong(trial, run)};
    case Outcome::running:
      break;
  }
  return {"running", Tone::doubtful, ""};
}

/// The trials of one name: for each kernel, as many cells as there were trials.
struct Row {
  std::string name;
  std::vector<std::vector<Cell>> kernels;

  std::size_t height() const {
    std::size_t most = 1;
    for (const auto& cells : kernels) most = std::max(most, cells.size());
    return most;
  }
};

/// Many trials of one name and kernel: how many ended each way, and the most frequent detail.
std::vector<Cell> folded(const std::vector<Cell>& cells) {
  if (cells.size() <= kMostCells) return cells;
  std::vector<std::pair<Cell, std::map<std::string, int>>> ends;
  for (const Cell& cell : cells) {
    auto found = std::find_if(ends.begin(), ends.end(),
                              [&](const auto& end) { return end.first.word == cell.word; });
    if (found == ends.end()) found = ends.insert(ends.end(), {cell, {}});
    ++found->second[cell.detail];
  }
  std::vector<Cell> out;
  for (auto& [cell, details] : ends) {
    int count = 0;
    const auto* most = &*details.begin();
    for (const auto& detail : details) {
      count += detail.second;
      if (detail.second > most->second) most = &detail;
    }
    // What went well differs from trial to trial; what went wrong is worth its words.
    const bool well = cell.tone == Tone::good;
    cell.detail = fmt::format("{} of {}", count, cells.size());
    if (!well && !most->first.empty())
      cell.detail += details.size() == 1 ? ": " + most->first
                                         : fmt::format("; {} times {}", most->second, most->first);
    out.push_back(cell);
  }
  return out;
}

std::vector<Row> rows_of(const RunRecord& run, const std::vector<std::string>& kernels) {
  std::vector<Row> rows;
  for (const TrialRecord& trial : run.trials) {
    const std::string name = printable(trial.name);
    auto row = std::find_if(rows.begin(), rows.end(), [&](const Row& r) { return r.name == name; });
    if (row == rows.end()) {
      rows.push_back({name, std::vector<std::vector<Cell>>(kernels.size())});
      row = rows.end() - 1;
    }
    const auto column = std::find(kernels.begin(), kernels.end(), trial.kernel) - kernels.begin();
    row->kernels[static_cast<std::size_t>(column)].push_back(cell_of(trial, run));
  }
  for (Row& row : rows)
    for (auto& cells : row.kernels) cells = folded(cells);
  for (Row& row : rows)
    for (auto& cells : row.kernels)
      if (cells.empty()) cells.push_back({"not run", Tone::doubtful, ""});
  return rows;
}

struct Column {
  std::size_t word = 4;
  std::size_t detail = 0;
  std::size_t whole() const { return word + kGap + detail; }
};

std::size_t widest_line(const std::string& text) {
  std::size_t width = 0;
  for (const std::string& line : split(text, '\n')) width = std::max(width, display_width(line));
  return width;
}

/// The columns' widths in `room` columns of text: what each needs, the longest cut to fair shares.
std::vector<Column> widths(const std::vector<Row>& rows, const std::vector<std::string>& kernels,
                           std::size_t room) {
  std::vector<Column> columns(kernels.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    for (const Row& row : rows)
      for (const Cell& cell : row.kernels[i]) {
        columns[i].word = std::max(columns[i].word, display_width(cell.word));
        columns[i].detail = std::max(columns[i].detail, widest_line(cell.detail));
      }
    const std::size_t name = display_width(printable(kernels[i]));
    if (columns[i].whole() < name) columns[i].detail = name - columns[i].word - kGap;
  }
  std::vector<Column*> by_width;
  for (Column& column : columns) by_width.push_back(&column);
  std::sort(by_width.begin(), by_width.end(),
            [](const Column* a, const Column* b) { return a->whole() < b->whole(); });
  for (std::size_t left = by_width.size(); Column* const column : by_width) {
    const std::size_t fair = room / left - kGap;
    if (column->whole() > fair)
      column->detail = fair > column->word + kGap ? fair - column->word - kGap : 0;
    room -= column->whole() + kGap;
    --left;
  }
  return columns;
}

void print_side_by_side(Page& page, const std::vector<Row>& rows,
                        const std::vector<std::string>& kernels, const std::vector<Column>& columns,
                        std::size_t name_width) {
  std::vector<Page::Piece> header{{name_width, "", Tone::plain}};
  for (std::size_t i = 0; i < kernels.size(); ++i)
    header.push_back({columns[i].whole(), printable(kernels[i]), Tone::heading});
  page.row(header);
  for (const Row& row : rows) {
    for (std::size_t line = 0; line < row.height(); ++line) {
      std::vector<Page::Piece> pieces{{name_width, line == 0 ? row.name : "", Tone::plain}};
      for (std::size_t i = 0; i < kernels.size(); ++i) {
        const Cell cell = line < row.kernels[i].size() ? row.kernels[i][line] : Cell{};
        pieces.push_back({columns[i].word, cell.word, cell.tone});
        pieces.push_back({columns[i].detail, cell.detail, Tone::plain});
      }
      page.row(pieces);
    }
  }
}

void print_below_each_other(Page& page, const std::vector<Row>& rows,
                            const std::vector<std::string>& kernels, std::size_t name_width) {
  std::size_t kernel_width = 0;
  std::size_t word_width = 4;
  for (const std::string& kernel : kernels)
    kernel_width = std::max(kernel_width, display_width(printable(kernel)));
  kernel_width = std::min(kernel_width, kWidestName);
  for (const Row& row : rows)
    for (const auto& cells : row.kernels)
      for (const Cell& cell : cells) word_width = std::max(word_width, display_width(cell.word));
  const std::size_t detail = Page::kWidth - name_width - kernel_width - word_width - 3 * kGap;
  for (const Row& row : rows) {
    std::string name = row.name;
    for (std::size_t i = 0; i < kernels.size(); ++i)
      for (const Cell& cell : row.kernels[i])
        page.row({{name_width, std::exchange(name, {}), Tone::plain},
                  {kernel_width, printable(kernels[i]), Tone::plain},
                  {word_width, cell.word, cell.tone},
                  {detail, cell.detail, Tone::plain}});
  }
}

}  // namespace

void add_table(Page& page, const RunRecord& run) {
  const std::vector<std::string> kernels = kernels_in_order(run);
  const std::vector<Row> rows = rows_of(run, kernels);
  if (rows.empty()) {
    page.labelled("trials", "none was run");
    return;
  }
  std::size_t name_width = Page::kLabelWidth - kGap;
  for (const Row& row : rows) name_width = std::max(name_width, display_width(row.name));
  name_width = std::min(name_width, kWidestName);
  const std::vector<Column> columns = widths(rows, kernels, Page::kWidth - name_width);
  const bool narrow = std::any_of(columns.begin(), columns.end(), [&](const Column& column) {
    return column.detail < kNarrowestDetail && columns.size() > 2;
  });
  if (narrow)
    print_below_each_other(page, rows, kernels, name_width);
  else
    print_side_by_side(page, rows, kernels, columns, name_width);
  add_throughput_note(page, run, kernels);
}

}  // namespace gridlock
