// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "topology/document.h"
#include "topology/topology.h"

namespace gridlock {
namespace {

constexpr const char* kWhereReady = "ready ones are in topologies/";

/// The file as it is. `what`: "topology x.yaml".
std::string text_of(const std::filesystem::path& file, const std::string& what) {
  std::error_code error;
  if (std::filesystem::is_directory(file, error))
    throw UsageError(fmt::format("cannot read {}: it is a folder", what),
                     "name the YAML file in it");
  std::ifstream in(file, std::ios::binary);
  if (!in)
    throw UsageError(fmt::format("cannot read {}: {}", what, std::strerror(errno)), kWhereReady);
  // One byte more than allowed tells a full file from one that is too long, or endless.
  std::string text(kMaxFileBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (in.bad() || text.size() > kMaxFileBytes)
    throw UsageError(fmt::format("cannot read {}: {}", what,
                                 in.bad() ? "reading failed" : "it is larger than 1 MiB"),
                     fmt::format("a topology is a small YAML file; {}", kWhereReady));
  return text;
}

}  // namespace

Topology load_topology(const std::filesystem::path& file) {
  const Surroundings around{
      [](const std::filesystem::path& included) { return text_of(included, included.string()); },
      [](const std::filesystem::path& path) {
        std::error_code error;
        return std::filesystem::exists(path, error);
      }};
  return read_topology(text_of(file, "topology " + file.string()), file, &around);
}

}  // namespace gridlock
