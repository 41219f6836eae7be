// SPDX-License-Identifier: GPL-2.0-or-later
#include "topology/document.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <sstream>

#include "base/bytes.h"
#include "base/text.h"
#include "topology/utf8.h"

namespace gridlock {
namespace {

/// yaml-cpp counts from 0, and marks nothing with -1.
Mark mark_in(int source, const YAML::Mark& mark) {
  return {std::max(mark.line, 0) + 1, std::max(mark.column, 0) + 1, source};
}

bool control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7f;
}

struct Extent {
  std::size_t values = 1;
  std::size_t bytes = 0;  ///< of scalars and keys
  int height = 1;
};

Extent extent_of(const DocNode& node) {
  Extent whole;
  whole.bytes = node.text.size();
  const auto add = [&](const DocNode& child) {
    const Extent part = extent_of(child);
    whole.values += part.values;
    whole.bytes += part.bytes;
    whole.height = std::max(whole.height, part.height + 1);
  };
  for (const DocNode& item : node.items) add(item);
  for (const DocEntry& entry : node.entries) {
    add(entry.value);
    whole.bytes += entry.key.size();
  }
  return whole;
}

/// Builds the tree from the parser's events, since yaml-cpp's own nodes keep duplicate keys, share
/// aliased parts and are as deep as the file likes.
class Builder final : public YAML::EventHandler {
 public:
  Builder(int source, DocSize& size, Mistakes& mistakes)
      : source_(source), size_(size), mistakes_(mistakes) {
    root_.mark = {1, 1, source};
  }

  DocNode take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) give_up(mark_of(mark), "a topology file holds one YAML document only");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    open(DocNode::Kind::nothing, mark, {}, anchor);
    close();
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    open(DocNode::Kind::scalar, mark, tag, anchor);
    if (std::ranges::any_of(value, control))
      mistakes_.add(mark_of(mark), "control characters are not allowed here");
    count(mark_of(mark), 0, value.size());
    open_.back().node.text = value;
    close();
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(DocNode::Kind::list, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(DocNode::Kind::map, mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchored_.find(anchor);
    if (found == anchored_.end()) give_up(mark_of(mark), "an alias stands inside its own anchor");
    const Extent extent = extent_of(found->second);
    check_depth(mark_of(mark), static_cast<int>(open_.size()) + extent.height);
    count(mark_of(mark), extent.values, extent.bytes);
    attach(found->second, mark_of(mark));
  }

 private:
  struct Open {
    DocNode node;
    YAML::anchor_t anchor = YAML::NullAnchor;
    std::optional<DocEntry> entry;         ///< of a map: its key was read, its value was not
    std::map<std::string, int> key_lines;  ///< of a map: where its keys are
  };

  Mark mark_of(const YAML::Mark& mark) const { return mark_in(source_, mark); }

  [[noreturn]] void give_up(Mark mark, std::string message) {
    mistakes_.add(mark, std::move(message));
    mistakes_.throw_if_any();
    throw InternalError("a mistake was not kept");
  }

  void check_depth(Mark mark, int depth) {
    if (depth > kMaxNesting)
      give_up(mark, fmt::format("nested deeper than {} levels", kMaxNesting));
  }

  /// Aliases multiply, so what they expand to is counted, and so is the copy kept of an anchor.
  void count(Mark mark, std::size_t values, std::size_t bytes) {
    size_.values += values;
    size_.bytes += bytes;
    if (size_.values > kMaxDocValues)
      give_up(mark, fmt::format("more than {} values, with aliases expanded", kMaxDocValues));
    if (size_.bytes > kMaxDocBytes)
      give_up(mark, fmt::format("more than {} of text, with aliases expanded",
                                to_string(Bytes{kMaxDocBytes})));
  }

  void open(DocNode::Kind kind, const YAML::Mark& mark, std::string_view tag,
            YAML::anchor_t anchor) {
    const Mark at = mark_of(mark);
    check_depth(at, static_cast<int>(open_.size()) + 1);
    count(at, 1, 0);
    // "?" is what the parser calls untagged, "!" untagged and quoted.
    if (!tag.empty() && tag != "?" && tag != "!")
      mistakes_.add(at, fmt::format("YAML tags are not supported: {}", printable(tag, 80)));
    Open opened;
    opened.node.kind = kind;
    opened.node.mark = at;
    opened.anchor = anchor;
    open_.push_back(std::move(opened));
  }

  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    const Mark mark = done.node.mark;
    if (done.anchor != YAML::NullAnchor) {
      const Extent extent = extent_of(done.node);
      count(mark, extent.values, extent.bytes);
      anchored_[done.anchor] = done.node;
    }
    attach(std::move(done.node), mark);
  }

  void attach(DocNode node, Mark mark) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.kind == DocNode::Kind::list) {
      parent.node.items.push_back(std::move(node));
    } else if (!parent.entry) {
      check_key(parent, node, mark);
      parent.entry = DocEntry{std::move(node.text), mark, {}};
    } else {
      // The parser marks a value that is not there with what follows it.
      if (node.kind == DocNode::Kind::nothing) node.mark = parent.entry->mark;
      parent.entry->value = std::move(node);
      if (!parent.entry->key.empty()) parent.node.entries.push_back(std::move(*parent.entry));
      parent.entry.reset();
    }
  }

  /// Clears the text of a key that must not be kept.
  void check_key(Open& map, DocNode& key, Mark mark) {
    if (key.kind != DocNode::Kind::scalar || key.text.empty()) {
      mistakes_.add(mark, "a key must be a plain word");
      key.text.clear();
    } else if (key.text == "<<") {
      mistakes_.add(mark,
                    "merge keys (<<) are not supported; repeat the keys, or use an alias for "
                    "a whole value");
      key.text.clear();
    } else if (const auto [at, fresh] = map.key_lines.emplace(key.text, mark.line); !fresh) {
      mistakes_.add(mark, fmt::format("duplicate key `{}`; it is already in line {}",
                                      printable(key.text, 80), at->second));
      key.text.clear();
    }
  }

  int source_;
  DocSize& size_;
  Mistakes& mistakes_;
  int documents_ = 0;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, DocNode> anchored_;
  DocNode root_;
};

/// The place of the byte `at`.
Mark place_of(std::string_view text, std::size_t at, int source) {
  const std::string_view before = text.substr(0, at);
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  return {static_cast<int>(std::ranges::count(before, '\n')) + 1,
          static_cast<int>(at - line_start) + 1, source};
}

void check_bytes(std::string_view text, int source, Mistakes& mistakes) {
  if (text.size() > kMaxFileBytes) {
    mistakes.add({1, 1, source},
                 fmt::format("the file is {}; a topology is at most {}",
                             to_string(Bytes{text.size()}), to_string(Bytes{kMaxFileBytes})));
  } else if (const auto bad = std::ranges::find_if(text, control); bad != text.end()) {
    mistakes.add(place_of(text, static_cast<std::size_t>(bad - text.begin()), source),
                 "not a text file: there is a control character here");
  } else if (const std::size_t at = first_invalid_utf8(text); at != std::string_view::npos) {
    mistakes.add(place_of(text, at, source), "not a text file: this is not UTF-8");
  }
  mistakes.throw_if_any();
}

}  // namespace

DocSize size_of(const DocNode& node) {
  const Extent extent = extent_of(node);
  return {extent.values, extent.bytes};
}

DocNode parse_document(std::string_view text, int source, DocSize& size, Mistakes& mistakes) {
  check_bytes(text, source, mistakes);
  Builder builder(source, size, mistakes);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    // At most twice: yaml-cpp 0.7 can go on for ever over malformed documents.
    if (parser.HandleNextDocument(builder)) static_cast<void>(parser.HandleNextDocument(builder));
  } catch (const YAML::Exception& error) {
    mistakes.add(mark_in(source, error.mark), "this is not valid YAML: " + printable(error.msg));
    mistakes.throw_if_any();
  }
  return builder.take();
}

}  // namespace gridlock
