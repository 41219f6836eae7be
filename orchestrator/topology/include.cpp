// SPDX-License-Identifier: GPL-2.0-or-later
#include "topology/include.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/text.h"
#include "topology/lone_key.h"
#include "topology/merge.h"
#include "topology/patch_range.h"
#include "topology/section.h"
#include "topology/shape.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;

/// Gives the relative paths of a file in another folder that folder, as the tables say where paths
/// stand.
class PathMover {
 public:
  /// `prefix`: from the topology's folder to the file's, or absolute. `exists` is asked about
  /// patches, with a path from the topology's folder.
  PathMover(const fs::path& prefix, const std::function<bool(const fs::path&)>& exists)
      : prefix_(prefix), exists_(exists) {}

  void move_all(DocNode& map, const Shape& shape) const {
    for (DocEntry& entry : map.entries) {
      const Key* const row = shape.row(entry.key);
      if (row && row->paths != Paths::none) move_each(entry.value, row->paths);
      move_all(entry.value, shape.below(entry.key));
    }
  }

 private:
  void move_each(DocNode& node, Paths which) const {
    if (node.kind == DocNode::Kind::scalar && is_path(node.text, which)) move(node.text);
    for (DocNode& item : node.items) move_each(item, which);
    for (DocEntry& entry : node.entries) move_each(entry.value, which);
  }

  bool is_path(const std::string& text, Paths which) const {
    // What begins with `~` is refused by its reader.
    if (text.empty() || text.starts_with('~')) return false;
    const bool plain = text.find('/') == std::string::npos;
    if (which == Paths::fragments) return !plain || text.ends_with(".config");
    if (which != Paths::patches) return true;
    return !is_range(text) && (!plain || exists_(prefix_ / text));
  }

  void move(std::string& text) const {
    text = (prefix_ / text).lexically_normal().string();
    // What has no slash is a word to some keys.
    if (text.find('/') == std::string::npos) text.insert(0, "./");
  }

  const fs::path& prefix_;
  const std::function<bool(const fs::path&)>& exists_;
};

class Reader {
 public:
  Reader(const fs::path& file, const Surroundings* around, Mistakes& mistakes)
      : named_folder_(file.parent_path()),
        folder_(fs::absolute(file).lexically_normal().parent_path()),
        around_(around),
        mistakes_(mistakes) {}

  WholeDocument read(std::string_view text, const fs::path& file) {
    WholeDocument whole;
    bytes_ = text.size();
    chain_.push_back({folder_ / file.filename(), mistakes_.file(0)});
    whole.root = read_file(text, 0, {});
    // What is missing would only be complained about once more.
    if (failed_) mistakes_.throw_if_any();
    if (files_ > 0)
      for (int source = 0; source <= files_; ++source)
        whole.files.push_back(mistakes_.file(source));
    return whole;
  }

 private:
  /// One file, merged over what it includes. `prefix`: from the topology's folder to the file's.
  DocNode read_file(std::string_view text, int source, const fs::path& prefix) {
    DocNode root = parse_document(text, source, size_, mistakes_);
    if (source != 0) adapt(root, prefix);
    DocEntry* const include = entry_of(root, "include");
    if (!include) return root;
    const DocEntry written = *include;
    std::erase_if(root.entries, [](const DocEntry& entry) { return entry.key == "include"; });

    DocNode below;
    below.mark = {1, 1, source};
    below.kind = DocNode::Kind::map;
    for (const MarkedText& path : paths_of(written)) {
      DocNode included = read_included(path, prefix);
      if (included.kind == DocNode::Kind::map) merge(below, std::move(included), topology_shape());
    }
    merge(below, std::move(root), topology_shape());
    return below;
  }

  std::vector<MarkedText> paths_of(const DocEntry& include) {
    return LoneKey(include, *topology_shape().row(include.key), "a topology", mistakes_)
        .section()
        .lines(include.key);
  }

  void adapt(DocNode& root, const fs::path& prefix) {
    if (root.kind != DocNode::Kind::map && root.kind != DocNode::Kind::nothing) {
      fail(root.mark, "a file that is included must be a mapping, as a topology is");
      root = {};
    }
    std::erase_if(root.entries, [](const DocEntry& entry) {
      return entry.key == "name" || entry.key == "description";
    });
    if (prefix.empty()) return;
    const std::function<bool(const fs::path&)> exists = [this](const fs::path& path) {
      return around_->exists((folder_ / path).lexically_normal());
    };
    PathMover(prefix, exists).move_all(root, topology_shape());
  }

  void fail(Mark mark, std::string message) {
    mistakes_.add(mark, std::move(message));
    failed_ = true;
  }

  DocNode read_included(const MarkedText& written, const fs::path& prefix) {
    const fs::path path = (prefix / written.text).lexically_normal();
    const fs::path whole_path = (folder_ / path).lexically_normal();
    const std::string name = printable((named_folder_ / path).lexically_normal().string());
    const std::string problem = problem_of(written, whole_path, name);
    if (!problem.empty()) {
      fail(written.mark, problem);
      return {};
    }
    std::string text;
    try {
      text = around_->text(whole_path);
    } catch (const UsageError& error) {
      fail(written.mark, error.what());
      return {};
    }
    bytes_ += text.size();
    if (bytes_ > kMaxFileBytes) {
      fail(written.mark, fmt::format("with all it includes, a topology is at most {}",
                                     to_string(Bytes{kMaxFileBytes})));
      return {};
    }
    std::string_view content = text;
    if (content.starts_with(kByteOrderMark)) content.remove_prefix(kByteOrderMark.size());
    const int source = mistakes_.add_source(content, name);
    ++files_;
    chain_.push_back({whole_path, name});
    DocNode root = read_file(content, source, path.parent_path());
    chain_.pop_back();
    return root;
  }

  /// Why the file cannot be included, or empty.
  std::string problem_of(const MarkedText& written, const fs::path& path, const std::string& name) {
    if (!around_) return "`include` cannot be used here: there are no files to include";
    if (written.text.starts_with('~'))
      return "`~` is not expanded in a topology; write the path in full, or relative to this file";
    const auto same = [&](const Link& link) { return link.path == path; };
    if (const auto first = std::ranges::find_if(chain_, same); first != chain_.end()) {
      std::string circle;
      for (auto link = first; link != chain_.end(); ++link) circle += link->name + " includes ";
      return fmt::format("a circle: {}{}", circle, name);
    }
    if (chain_.size() > kMaxIncludeDepth)
      return fmt::format("files are included more than {} deep", kMaxIncludeDepth);
    if (static_cast<std::size_t>(files_) >= kMaxIncludes)
      return fmt::format("more than {} files are included", kMaxIncludes);
    return {};
  }

  struct Link {
    fs::path path;  ///< absolute
    std::string name;
  };

  fs::path named_folder_;
  fs::path folder_;
  const Surroundings* around_;
  Mistakes& mistakes_;
  DocSize size_;
  std::size_t bytes_ = 0;
  int files_ = 0;
  bool failed_ = false;
  std::vector<Link> chain_;  ///< the topology, and what is being included
};

}  // namespace

WholeDocument parse_with_includes(std::string_view text, const std::filesystem::path& file,
                                  const Surroundings* around, Mistakes& mistakes) {
  return Reader(file, around, mistakes).read(text, file);
}

}  // namespace gridlock
