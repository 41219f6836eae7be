// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/kernel_manifest.h"

#include "base/json.h"
#include "record/json_members.h"

namespace gridlock {
namespace {

/// The list of that name, or an empty one.
const Json& list_or_empty(const Json& object, const char* name) {
  static const Json kEmpty = Json::array();
  const auto it = object.find(name);
  return it != object.end() && it->is_array() ? *it : kEmpty;
}

void add_source(const Json& source, KernelRecord& kernel) {
  kernel.prebuilt = source.contains("prebuilt");
  kernel.package = text_or(source, kernel.prebuilt ? "prebuilt" : "package", "");
  kernel.commit = text_or(source, "commit", "");
  kernel.git_tree = text_or(source, "tree", "");
}

}  // namespace

void add_manifest(std::string_view manifest, KernelRecord& kernel) {
  const auto json = parse_json(manifest);
  if (!json || !json->is_object()) return;
  if (const auto source = json->find("source"); source != json->end() && source->is_object())
    add_source(*source, kernel);
  // Both ways to get a kernel take images for this architecture only.
  kernel.architecture = "x86_64";
  kernel.compiler = text_or(*json, "compiler", "");
  for (const Json& name : list_or_empty(*json, "config_fragments"))
    if (name.is_string()) kernel.config.push_back(name.get<std::string>());
  for (const Json& patch : list_or_empty(*json, "patches")) {
    if (!patch.is_object()) continue;
    kernel.patches.push_back({text_or(patch, "file", ""), text_or(patch, "subject", ""),
                              flag_or(patch, "revert", false), text_or(patch, "sha256", "")});
  }
  kernel.build_began = record_json::parse_rfc3339(text_or(*json, "build_began", ""));
}

}  // namespace gridlock
