// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "topology/read.h"
#include "topology/section.h"

namespace gridlock {
namespace {

/// A kernel as written, before `from` is resolved.
struct Written {
  KernelSpec kernel;
  Mark from_mark;
  enum class Inherited { no, running, yes } inherited = Inherited::no;
};

/// Debian Policy 5.6.1.
bool valid_package(std::string_view name) {
  return name.size() >= 2 && name.size() <= 100 &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789+.-") ==
             std::string_view::npos &&
         name.find_first_of("+.-") != 0;
}

class Reader {
 public:
  Reader(const std::filesystem::path& folder, const std::vector<TrialSpec>& trials,
         Mistakes& mistakes)
      : folder_(folder), mistakes_(mistakes) {
    for (const TrialSpec& trial : trials) trials_.push_back(trial.name);
  }

  void read(const DocEntry& entry) {
    Written written;
    KernelSpec& kernel = written.kernel;
    kernel.name = entry.key;
    kernel.mark = entry.mark;
    const Section section(&entry.value, entry.mark, kKernelKeys, mistakes_);
    kernel.from = section.text("from");
    written.from_mark = section.mark("from");
    if (section.find("from")) {
      for (const char* const key : {"source", "config"})
        if (section.find(key))
          mistakes_.add(
              section.key_mark(key),
              fmt::format("`{}` comes from kernel {}; write it there, or leave out `from`", key,
                          in_quotes(kernel.from)));
    } else if (!section.find("source")) {
      mistakes_.add(entry.mark, fmt::format("kernel {} needs `source`, such as {{package: "
                                            "linux-source-6.1}}, or `from`",
                                            in_quotes(kernel.name)));
    } else {
      kernel.source = read_source(*section.find("source"), section.mark("source"));
    }
    for (const MarkedText& fragment : section.lines("config"))
      kernel.config.push_back(fragment_name(fragment));
    if (!section.find("config") && kernel.from.empty())
      kernel.config = {"base", "cluster", "debug"};
    for (const MarkedText& patch : section.lines("patches"))
      kernel.patches.push_back(absolute_path(patch));
    if (const DocNode* const expect = section.find("expect")) read_expect(*expect, kernel);
    kernels_.push_back(std::move(written));
  }

  std::vector<KernelSpec> resolve() {
    for (Written& written : kernels_) inherit(written);
    std::vector<KernelSpec> kernels;
    for (Written& written : kernels_) kernels.push_back(std::move(written.kernel));
    return kernels;
  }

 private:
  KernelSource read_source(const DocNode& node, Mark mark) {
    KernelSource source;
    const Section section(&node, mark, kSourceKeys, mistakes_);
    source.package = section.text("package");
    const std::string dir = section.text("dir");
    if (!dir.empty()) source.dir = absolute_path({dir, section.mark("dir")});
    if (section.find("package") && !valid_package(source.package))
      mistakes_.add(section.mark("package"), fmt::format("{} is not the name of a Debian package",
                                                         in_quotes(source.package)));
    if (section.find("package") && section.find("dir")) {
      mistakes_.add(section.key_mark("dir"), "a source is a `package` or a `dir`, not both");
    } else if (!section.find("package") && !section.find("dir") && !section.find("git")) {
      mistakes_.add(mark, "a source needs `package` or `dir`, such as {package: linux-source-6.1}");
    }
    return source;
  }

  std::filesystem::path absolute_path(const MarkedText& written) {
    if (written.text.starts_with('~'))
      mistakes_.add(written.mark,
                    "`~` is not expanded in a topology; write the path in full, or "
                    "relative to this file");
    return (folder_ / written.text).lexically_normal();
  }

  /// A bare word names a fragment of Gridlock's; the rest is a path.
  std::string fragment_name(const MarkedText& written) {
    if (written.text.find('/') != std::string::npos || written.text.ends_with(".config"))
      return absolute_path(written).string();
    check_name(written.text, written.mark, "the name of a config fragment", mistakes_);
    return written.text;
  }

  std::optional<Expectation> expectation(const DocNode& node, std::string_view what) {
    if (node.text == "pass") return Expectation::pass;
    if (node.text == "fail") return Expectation::fail;
    mistakes_.add(node.mark, fmt::format("{} must be pass or fail{}", what,
                                         node.text.empty() ? "" : ", not " + in_quotes(node.text)));
    return std::nullopt;
  }

  void read_expect(const DocNode& node, KernelSpec& kernel) {
    if (node.kind == DocNode::Kind::map) {
      for (const DocEntry& entry : node.entries) {
        if (!trials_.empty() && std::ranges::find(trials_, entry.key) == trials_.end())
          mistakes_.add(entry.mark, fmt::format("unknown trial {}{}", in_quotes(entry.key),
                                                suggestion(entry.key, trials_)));
        if (const auto value =
                expectation(entry.value, fmt::format("`expect` of {}", in_quotes(entry.key))))
          kernel.expect_trial[entry.key] = *value;
      }
    } else if (node.kind == DocNode::Kind::scalar) {
      kernel.expect = expectation(node, "`expect`").value_or(Expectation::pass);
    } else {
      mistakes_.add(node.mark,
                    "`expect` must be pass, fail, or a mapping of trials to pass or fail");
    }
  }

  /// Gives a kernel what it inherits, first having done so for the one it inherits from.
  void inherit(Written& written) {
    if (written.inherited != Written::Inherited::no) return;
    written.inherited = Written::Inherited::running;
    if (KernelSpec& kernel = written.kernel; !kernel.from.empty()) {
      if (Written* const base = find(kernel.from); !base) {
        mistakes_.add(written.from_mark,
                      fmt::format("unknown kernel {}{}", in_quotes(kernel.from),
                                  suggestion(kernel.from, names_but(kernel.name))));
      } else if (base->inherited == Written::Inherited::running) {
        mistakes_.add(written.from_mark, fmt::format("kernel {} inherits from itself: {}",
                                                     in_quotes(kernel.name), circle(kernel.name)));
      } else {
        inherit(*base);
        kernel.source = base->kernel.source;
        kernel.config = base->kernel.config;
        kernel.patches.insert(kernel.patches.begin(), base->kernel.patches.begin(),
                              base->kernel.patches.end());
      }
    }
    written.inherited = Written::Inherited::yes;
  }

  Written* find(const std::string& name) {
    const auto found =
        std::ranges::find_if(kernels_, [&](const Written& w) { return w.kernel.name == name; });
    return found == kernels_.end() ? nullptr : &*found;
  }

  /// "a from b from a".
  std::string circle(const std::string& start) {
    std::string path = start;
    const Written* at = find(start);
    do {
      path += " from " + at->kernel.from;
      at = find(at->kernel.from);
    } while (at && at->kernel.name != start);
    return path;
  }

  std::vector<std::string> names_but(const std::string& name) const {
    std::vector<std::string> names;
    for (const Written& written : kernels_)
      if (written.kernel.name != name) names.push_back(written.kernel.name);
    return names;
  }

  std::filesystem::path folder_;
  std::vector<std::string> trials_;
  Mistakes& mistakes_;
  std::vector<Written> kernels_;
};

}  // namespace

std::vector<KernelSpec> read_kernels(const DocNode& node, const std::filesystem::path& folder,
                                     const std::vector<TrialSpec>& trials, Mistakes& mistakes) {
  Reader reader(folder, trials, mistakes);
  for_each_named(node, "a kernel", kMaxKernels, mistakes,
                 [&](const DocEntry& entry) { reader.read(entry); });
  return reader.resolve();
}

}  // namespace gridlock
