// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "topology/patch_range.h"
#include "topology/read.h"
#include "topology/section.h"

namespace gridlock {
namespace {

/// A kernel as written, before `from` is resolved.
struct Written {
  KernelSpec kernel;
  Mark from_mark;
  std::vector<MarkedText> ranges;      ///< of its own patches
  std::optional<Mark> changes_mark;    ///< of its own patches and reverts, if it has any
  std::optional<Mark> fragments_mark;  ///< of its own config
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
    if (!section.find("config") && kernel.from.empty() && !kernel.source.prebuilt)
      kernel.config = {"base", "cluster", "debug"};
    written.fragments_mark = mark_of_items(section, "config");
    std::vector<MarkedText> taken_back = section.lines("revert");
    std::ranges::reverse(taken_back);
    read_patches(taken_back, true, written);
    read_patches(section.lines("patches"), false, written);
    for (const char* const key : {"revert", "patches"})
      if (const auto mark = mark_of_items(section, key)) written.changes_mark = mark;
    if (const DocNode* const expect = section.find("expect")) read_expect(*expect, kernel);
    kernels_.push_back(std::move(written));
  }

  std::vector<KernelSpec> resolve() {
    for (Written& written : kernels_) inherit(written);
    for (const Written& written : kernels_) check_changes(written);
    std::vector<KernelSpec> kernels;
    for (Written& written : kernels_) kernels.push_back(std::move(written.kernel));
    return kernels;
  }

 private:
  KernelSource read_source(const DocNode& node, Mark mark) {
    KernelSource source;
    const Section section(&node, mark, kSourceKeys, mistakes_);
    std::vector<std::string_view> kinds;
    for (const std::string_view key : {"package", "dir", "git", "prebuilt"})
      if (section.find(key)) kinds.push_back(key);
    if (kinds.empty()) {
      mistakes_.add(mark,
                    "a source needs `package`, `dir`, `git` or `prebuilt`, such as {package: "
                    "linux-source-6.1}");
    } else if (kinds.size() > 1) {
      mistakes_.add(section.key_mark(kinds[1]),
                    "a source is one of `package`, `dir`, `git` and "
                    "`prebuilt`, not several of them");
    }
    source.package = package_of(section);
    source.dir = path_of(section, "dir");
    source.git = path_of(section, "git");
    if (section.find("git")) source.ref = "HEAD";
    if (section.find("ref")) source.ref = ref_of(section);
    if (const DocNode* const prebuilt = section.find("prebuilt"))
      source.prebuilt = read_prebuilt(*prebuilt, section.mark("prebuilt"));
    return source;
  }

  /// Where the key stands, if it is written and its list is not empty: an empty one takes away what
  /// is meant for all kernels.
  static std::optional<Mark> mark_of_items(const Section& section, std::string_view key) {
    const DocNode* const node = section.find(key);
    if (!node || (node->kind == DocNode::Kind::list && node->items.empty())) return std::nullopt;
    return section.key_mark(key);
  }

  std::string package_of(const Section& section) {
    std::string package = section.text("package");
    if (section.find("package") && !valid_package(package))
      mistakes_.add(section.mark("package"),
                    fmt::format("{} is not the name of a Debian package", in_quotes(package)));
    return package;
  }

  std::filesystem::path path_of(const Section& section, std::string_view key) {
    const std::string text = section.text(key);
    if (text.empty()) return {};
    std::string path = absolute_path({text, section.mark(key)}).string();
    if (path.size() > 1 && path.ends_with('/')) path.pop_back();
    return path;
  }

  /// What git takes for a commit; an option it is never.
  std::string ref_of(const Section& section) {
    std::string ref = section.text("ref");
    if (!section.find("git"))
      mistakes_.add(section.key_mark("ref"), "`ref` is a commit of a `git` repository");
    if (ref.empty() || ref.starts_with('-') || ref.find("..") != std::string::npos)
      mistakes_.add(section.mark("ref"), fmt::format("{} does not name a commit", in_quotes(ref)));
    return ref;
  }

  PrebuiltKernel read_prebuilt(const DocNode& node, Mark mark) {
    const Section section(&node, mark, kPrebuiltKeys, mistakes_);
    PrebuiltKernel prebuilt;
    prebuilt.package = package_of(section);
    prebuilt.image = path_of(section, "image");
    prebuilt.modules = path_of(section, "modules");
    const bool image = section.find("image") != nullptr;
    if (image == (section.find("package") != nullptr)) {
      mistakes_.add(mark,
                    "a prebuilt kernel is a `package`, such as linux-image-amd64, or an "
                    "`image` with its `modules`");
    } else if (!image && section.find("modules")) {
      mistakes_.add(section.key_mark("modules"), "a `package` has its modules with it");
    }
    return prebuilt;
  }

  void read_patches(const std::vector<MarkedText>& items, bool revert, Written& written) {
    for (const MarkedText& item : items) {
      PatchSpec patch;
      patch.revert = revert;
      if (is_range(item.text)) {
        patch.range = item.text;
        if (item.text.starts_with('-'))
          mistakes_.add(item.mark, fmt::format("{} does not name commits", in_quotes(item.text)));
        written.ranges.push_back(item);
      } else {
        patch.path = absolute_path(item);
        if (patch.path.filename().empty()) patch.path = patch.path.parent_path();
      }
      written.kernel.patches.push_back(std::move(patch));
    }
  }

  /// Whether what a kernel changes fits its source, which may be inherited.
  void check_changes(const Written& written) {
    const KernelSource& source = written.kernel.source;
    if (source.git.empty())
      for (const MarkedText& range : written.ranges)
        mistakes_.add(
            range.mark,
            fmt::format("{} are commits, which only a `git` source has; a file whose name "
                        "has two dots in it is written ./NAME",
                        in_quotes(range.text)));
    if (!source.prebuilt) return;
    for (const auto& mark : {written.changes_mark, written.fragments_mark})
      if (mark)
        mistakes_.add(*mark,
                      "a prebuilt kernel is taken as it is: it has no patches and no config");
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
