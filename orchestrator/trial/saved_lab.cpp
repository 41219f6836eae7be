// SPDX-License-Identifier: GPL-2.0-or-later
#include "trial/saved_lab.h"

#include <fmt/format.h>

#include <limits>

#include "agent/wire.h"
#include "base/json.h"
#include "host/files.h"
#include "watch/oracles_json.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;

/// Raised when what a saved lab holds or how it is restored changes.
constexpr int kFormat = 5;
constexpr Bytes kManifestLimit = Bytes::mib(64);  // a drained fabric leaves few frames, if any
constexpr const char* kManifest = "saved.json";

Json manifest_in(const fs::path& folder) {
  const auto manifest = parse_json(read_file(folder / kManifest, kManifestLimit));
  if (!manifest || !manifest->is_object()) throw Error("its manifest is damaged");
  if (integer_or(*manifest, "format", 0) != kFormat)
    throw Error("it was saved by another version of Gridlock");
  return *manifest;
}

void check_file(const fs::path& file, const Json& manifest, const std::string& what) {
  std::error_code error;
  const auto size = static_cast<std::int64_t>(fs::file_size(file, error));
  if (error) throw Error(fmt::format("its {} is gone: {}", what, error.message()));
  const std::int64_t wanted = integer_or(manifest, "bytes", -1);
  if (size != wanted)
    throw Error(fmt::format("its {} has {} bytes instead of {}", what, size, wanted));
  if (sha256_of_sparse(file) != text_or(manifest, "sha256", ""))
    throw Error(fmt::format("the bytes of its {} are not those that were saved", what));
}

Json file_entry(const fs::path& file) {
  return {{"bytes", fs::file_size(file)}, {"sha256", sha256_of_sparse(file)}};
}

Json member(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() ? Json() : *found;
}

Agent::JobId job(const Json& object, const char* name) {
  return static_cast<Agent::JobId>(std::max<std::int64_t>(0, integer_or(object, name, 0)));
}

std::vector<KeptFrame> read_frames(const Json& list) {
  std::vector<KeptFrame> frames;
  if (!list.is_array()) return frames;
  for (const Json& entry : list) {
    const auto text = wire::from_base64(text_or(entry, "bytes", ""));
    if (!text) throw Error("a frame of it is damaged");
    KeptFrame frame;
    frame.to = static_cast<int>(integer_or(entry, "to", -1));
    for (const char c : *text) frame.bytes.push_back(static_cast<std::byte>(c));
    frames.push_back(std::move(frame));
  }
  return frames;
}

Json frames_json(const std::vector<KeptFrame>& frames) {
  Json list = Json::array();
  for (const KeptFrame& frame : frames) {
    const std::string_view bytes(reinterpret_cast<const char*>(frame.bytes.data()),
                                 frame.bytes.size());
    list.push_back({{"to", frame.to}, {"bytes", wire::to_base64(bytes)}});
  }
  return list;
}

}  // namespace

std::string SavedFrom::useless_in(const SavedFrom& here) const {
  if (qemu != here.qemu)
    return fmt::format("it was saved by QEMU {}, and here is {}", qemu.empty() ? "?" : qemu,
                       here.qemu);
  if (processor != here.processor) return "it was saved on another processor";
  return {};
}

SavedLab saved_lab_in(const fs::path& folder, std::size_t nodes, bool with_disk) {
  SavedLab lab;
  for (std::size_t i = 1; i <= nodes; ++i)
    lab.nodes.push_back(
        {folder / fmt::format("node{}.state", i), folder / fmt::format("node{}.console.log", i)});
  if (with_disk) lab.disk = folder / "shared.raw";
  return lab;
}

void write_manifest(const fs::path& folder, const SavedLab& lab, const SavedFrom& from) {
  Json nodes = Json::array();
  for (const SavedNode& node : lab.nodes) {
    nodes.push_back({{"state", file_entry(node.state)},
                     {"console", file_entry(node.console_log)},
                     {"daemons", node.daemons},
                     {"last_job", node.last_job}});
    if (node.oracles) nodes.back()["oracles"] = to_json(*node.oracles);
  }
  Json manifest{{"format", kFormat},    {"kernel", from.kernel},
                {"image", from.image},  {"qemu", from.qemu},
                {"at_seconds", lab.at}, {"processor", from.processor},
                {"nodes", nodes},       {"frames", frames_json(lab.frames)}};
  if (lab.formed()) manifest["disk"] = file_entry(lab.disk);
  write_file_atomically(folder / kManifest, manifest.dump(1) + "\n");
}

SavedLab read_saved_lab(const fs::path& folder) {
  const Json manifest = manifest_in(folder);
  const Json nodes = member(manifest, "nodes");
  if (!nodes.is_array() || nodes.empty()) throw Error("its manifest names no node");
  const Json disk = member(manifest, "disk");
  SavedLab lab = saved_lab_in(folder, nodes.size(), !disk.is_null());
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    SavedNode& node = lab.nodes[i];
    check_file(node.state, member(nodes[i], "state"), fmt::format("state of node {}", i + 1));
    check_file(node.console_log, member(nodes[i], "console"),
               fmt::format("console of node {}", i + 1));
    const Json daemons = member(nodes[i], "daemons");
    for (const auto& [name, number] : daemons.items()) node.daemons[name] = job(daemons, name.c_str());
    node.last_job = job(nodes[i], "last_job");
    node.oracles = oracles_from_json(member(nodes[i], "oracles"));
  }
  if (lab.formed()) check_file(lab.disk, disk, "disk");
  lab.frames = read_frames(member(manifest, "frames"));
  if (const Json at = member(manifest, "at_seconds"); at.is_number()) lab.at = at.get<double>();
  return lab;
}

SavedFrom saved_from(const fs::path& folder) {
  try {
    const Json manifest = manifest_in(folder);
    return {text_or(manifest, "kernel", ""), text_or(manifest, "image", ""),
            text_or(manifest, "qemu", ""), text_or(manifest, "processor", "")};
  } catch (const Error&) {
    return {};
  }
}

}  // namespace gridlock
