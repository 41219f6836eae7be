// SPDX-License-Identifier: GPL-2.0-or-later
// Labelled consoles of foreign kernels, where they are at hand: in the folder that
// GRIDLOCK_CONSOLE_CORPUS names, else next to the checkout. GRIDLOCK_CORPUS_MISSES=1 prints every
// row that the reader got wrong.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "fuzz/console_invariants.h"
#include "support/console_text.h"

namespace gridlock::console {
namespace {

using Row = nlohmann::json;

std::vector<Row> labelled_rows() {
  const char* const folder = std::getenv("GRIDLOCK_CONSOLE_CORPUS");
  std::ifstream in(folder != nullptr ? std::string(folder) + "/logs.jsonl"
                                     : GRIDLOCK_SOURCE_DIR
                                           "/../shared/data/console-corpus/logs.jsonl");
  std::vector<Row> rows;
  for (std::string line; std::getline(in, line);) rows.push_back(Row::parse(line));
  return rows;
}

std::string text_of(const Row& row, const char* key) {
  return row.at(key).is_string() ? row.at(key).get<std::string>() : std::string();
}

/// A share of rows, and which were missed.
struct Share {
  const char* what;
  int right = 0;
  int all = 0;
  void count(bool is_right, const Row& row, const std::string& got) {
    ++all;
    right += is_right ? 1 : 0;
    if (!is_right && std::getenv("GRIDLOCK_CORPUS_MISSES") != nullptr)
      std::printf("%s %s [%s] %s: want %s|%s, got %s\n", what, text_of(row, "file").c_str(),
                  text_of(row, "kind").c_str(), text_of(row, "title").c_str(),
                  text_of(row, "func").c_str(), text_of(row, "func2").c_str(), got.c_str());
  }
  double share() const { return all == 0 ? 0 : static_cast<double>(right) / all; }
};

TEST(LabelledConsoles, AreReadAsTheirLabelsSay) {
  const std::vector<Row> rows = labelled_rows();
  if (rows.empty()) GTEST_SKIP() << "the labelled consoles are not here";
  const std::set<std::string> exact_kinds{"lockdep", "hung_task", "warning", "oops", "gpf", "bug"};
  Share kind{"kind"};
  Share silence{"silence"};
  Share exact{"exact"};
  Share among{"among"};
  for (const Row& row : rows) {
    const std::vector<Finding> findings = findings_in(row.at("log").get<std::string>());
    const std::string got = findings.empty() ? "none" : findings.front().kind;
    const auto accept = row.at("accept").get<std::set<std::string>>();
    const std::string wanted_kind = text_of(row, "kind");
    kind.count(accept.contains(got) || (got == "kfence" && wanted_kind == "other") ||
                   (got == "wq_lockup" && wanted_kind == "other"),
               row, got);
    if (wanted_kind == "none") silence.count(findings.empty(), row, got);
    const std::string wanted = text_of(row, "func");
    if (wanted.empty()) continue;
    std::vector<std::string> five;
    if (!findings.empty()) five = findings.front().frames;
    five.resize(std::min<std::size_t>(five.size(), 5));
    const std::string second = text_of(row, "func2");
    const auto named = [&](const std::string& f) { return f == wanted || f == second; };
    std::string list = got + " ";
    for (const std::string& f : five) list += f + " ";
    if (exact_kinds.contains(wanted_kind))
      exact.count(!findings.empty() && named(findings.front().function), row, list);
    else
      among.count(std::any_of(five.begin(), five.end(), named), row, list);
  }
  for (const Share* const share : {&kind, &silence, &exact, &among})
    std::printf("%-8s %d of %d: %.3f\n", share->what, share->right, share->all, share->share());
  EXPECT_GE(kind.share(), 0.98);
  EXPECT_GE(silence.right, silence.all - 1);
  EXPECT_GE(exact.share(), 0.85);
  EXPECT_GE(among.share(), 0.90);
}

TEST(LabelledConsoles, HoldTheInvariants) {
  const std::vector<Row> rows = labelled_rows();
  if (rows.empty()) GTEST_SKIP() << "the labelled consoles are not here";
  std::size_t findings = 0;
  for (const Row& row : rows)
    EXPECT_NO_THROW(findings += fuzz::check_console_bytes(row.at("log").get<std::string>()))
        << text_of(row, "file");
  EXPECT_GE(findings, rows.size() / 2);
}

}  // namespace
}  // namespace gridlock::console
