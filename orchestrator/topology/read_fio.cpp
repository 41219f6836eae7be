// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "topology/read.h"
#include "topology/section.h"

namespace gridlock {
namespace {

constexpr std::size_t kMaxOptions = 100;

bool valid_option(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

/// Why the option may not be set, or empty.
std::string_view refusal(std::string_view name) {
  for (const RefusedFioOption& refused : refused_fio_options()) {
    const bool prefix = refused.name.ends_with('*');
    const std::string_view stem = refused.name.substr(0, refused.name.size() - (prefix ? 1 : 0));
    if (prefix ? name.starts_with(stem) : name == stem) return refused.reason;
  }
  return {};
}

/// Why the value may not be used, or empty.
std::string value_problem(std::string_view name, std::string_view value) {
  if (trimmed(value).empty()) return "has no value; a switch is written as 1";
  if (value.size() > 200) return "is longer than 200 bytes";
  if (value.find_first_of("\r\n") != std::string_view::npos) return "must be one line";
  if (value.starts_with('/') || value.find(":/") != std::string_view::npos ||
      value.find("..") != std::string_view::npos)
    return "must not be a path: fio works on files below the mount only";
  if (name == "ioengine") {
    const std::vector<std::string> engines = split(kFioEngines, ' ');
    if (std::ranges::find(engines, value) == engines.end())
      return fmt::format("must be one of the engines for files: {}", enumerate(engines, "or"));
  }
  return {};
}

/// fio reads a bare number as seconds.
std::optional<Milliseconds> parse_runtime(const std::string& value) {
  const bool bare = value.find_first_not_of("0123456789") == std::string::npos;
  return parse_duration(bare ? value + "s" : value);
}

void read_runtime(const std::string& value, Mark mark, bool duration_written,
                  WorkloadSpec& workload, Mistakes& mistakes) {
  const auto row = std::ranges::find(kFioKeys.keys, std::string_view("duration"), &Key::name);
  const auto runtime = parse_runtime(value);
  const auto count = runtime ? static_cast<std::uint64_t>(runtime->count()) : 0;
  if (duration_written) {
    mistakes.add(mark,
                 "`runtime` and the workload's `duration` say the same thing; keep one of them");
  } else if (!runtime || count < row->low || count > row->high) {
    mistakes.add(mark, fmt::format("`runtime` must be a duration from {} to {}, not {}",
                                   to_string(Milliseconds{row->low}),
                                   to_string(Milliseconds{row->high}), in_quotes(value)));
  } else {
    workload.duration = *runtime;
  }
}

}  // namespace

void read_fio_jobs(const DocNode& node, bool duration_written, WorkloadSpec& workload,
                   Mistakes& mistakes) {
  if (node.kind != DocNode::Kind::map || node.entries.empty()) {
    mistakes.add(node.mark,
                 "`jobs` must be a mapping of fio options, such as {rw: randread, bs: 4k, "
                 "size: 64M}");
    return;
  }
  if (node.entries.size() > kMaxOptions)
    mistakes.add(node.mark, fmt::format("{} fio options are too many; {} is the most",
                                        node.entries.size(), kMaxOptions));
  for (const DocEntry& entry : node.entries) {
    if (!valid_option(entry.key)) {
      mistakes.add(entry.mark, fmt::format("a fio option is lower-case letters, digits and "
                                           "underscores, not {}",
                                           in_quotes(entry.key)));
    } else if (const std::string_view reason = refusal(entry.key); !reason.empty()) {
      mistakes.add(entry.mark,
                   fmt::format("the fio option `{}` is not allowed: {}", entry.key, reason));
    } else if (entry.value.kind != DocNode::Kind::scalar) {
      mistakes.add(entry.value.mark,
                   fmt::format("the fio option `{}` must have a single value", entry.key));
    } else if (const std::string problem = value_problem(entry.key, entry.value.text);
               !problem.empty()) {
      mistakes.add(entry.value.mark, fmt::format("the fio option `{}` {}", entry.key, problem));
    } else {
      if (entry.key == "runtime")
        read_runtime(entry.value.text, entry.value.mark, duration_written, workload, mistakes);
      workload.fio->jobs.emplace_back(entry.key, entry.value.text);
    }
  }
}

}  // namespace gridlock
