// SPDX-License-Identifier: GPL-2.0-or-later
#include "topology/read_disks.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "topology/portal.h"
#include "topology/section.h"

namespace gridlock {
namespace {

constexpr std::size_t kLongestIqn = 223;  // RFC 3720, section 3.2.6.1
constexpr std::size_t kLongestUser = 63;

/// As a target and libvirt's URI of it can have it. Source: RFC 3722, section 6.2.
bool valid_iqn(std::string_view text) {
  const bool kind =
      text.starts_with("iqn.") || text.starts_with("eui.") || text.starts_with("naa.");
  return kind && text.size() > 4 && text.size() <= kLongestIqn &&
         std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') ||
                  c == '.' || c == ':' || c == '-';
         });
}

/// libvirt and open-iscsi's settings take it as it is.
bool valid_user(std::string_view text) {
  return !text.empty() && text.size() <= kLongestUser && std::ranges::all_of(text, [](char c) {
    return c > ' ' && c < '\x7f' && c != ',' && c != '"' && c != '\\' && c != '#';
  });
}

ChapSpec read_chap(const Section& section, const std::filesystem::path& folder,
                   Mistakes& mistakes) {
  ChapSpec chap;
  chap.user = section.text("user");
  if (section.find("user") && !valid_user(chap.user))
    mistakes.add(section.mark("user"),
                 fmt::format("`user` must be 1 to {} characters without blanks, commas, quotes, # "
                             "and backslashes, not {}",
                             kLongestUser, in_quotes(chap.user)));
  if (const std::string file = section.text("secret_file"); !file.empty())
    chap.secret_file = (folder / file).lexically_normal();
  else if (section.find("secret_file"))
    mistakes.add(section.mark("secret_file"), "`secret_file` must name a file");
  return chap;
}

IscsiTargetSpec read_target(const Section& section, const std::filesystem::path& folder,
                            Mistakes& mistakes) {
  IscsiTargetSpec target;
  target.portal = section.text("portal");
  if (section.find("portal") && !read_portal(target.portal))
    mistakes.add(section.mark("portal"),
                 fmt::format("`portal` must be HOST, HOST:PORT or [IPV6]:PORT, not {}",
                             in_quotes(target.portal)));
  target.iqn = section.text("iqn");
  if (section.find("iqn") && !valid_iqn(target.iqn))
    mistakes.add(section.mark("iqn"), fmt::format("`iqn` must be the name of a target, such as "
                                                  "iqn.2003-01.org.linux-iscsi.host:shared, not {}",
                                                  in_quotes(target.iqn)));
  target.lun = section.integer("lun");
  if (const DocNode* const chap = section.find("chap"))
    target.chap =
        read_chap(Section(chap, section.mark("chap"), kChapKeys, mistakes), folder, mistakes);
  return target;
}

WrittenDisk read_disk(const std::string& name, const Section& section,
                      const std::filesystem::path& folder, Mistakes& mistakes) {
  WrittenDisk written;
  DiskSpec& disk = written.disk;
  disk.name = name;
  disk.size = section.size("size");
  if (section.find("size")) written.size_mark = section.mark("size");
  disk.transport = section.choice<Transport>("transport");
  disk.via = section.choice<IscsiVia>("via");
  if (const DocNode* const target = section.find("target"))
    disk.target = read_target(Section(target, section.mark("target"), kTargetKeys, mistakes),
                              folder, mistakes);
  if (disk.transport == Transport::iscsi) return written;
  for (const char* const key : {"via", "target"})
    if (section.find(key))
      mistakes.add(section.key_mark(key),
                   fmt::format("`{}` is of iSCSI: it needs `transport: iscsi`", key));
  return written;
}

}  // namespace

std::vector<WrittenDisk> read_disks(const DocNode* node, Mark mark,
                                    const std::filesystem::path& folder, Mistakes& mistakes) {
  std::vector<WrittenDisk> disks;
  const auto read = [&](const std::string& name, const DocNode* value, Mark at) {
    disks.push_back(read_disk(name, Section(value, at, kDiskKeys, mistakes), folder, mistakes));
  };
  if (!node || node->kind == DocNode::Kind::nothing) {
    read("shared", nullptr, mark);
    return disks;
  }
  for_each_named(*node, "a disk", kMaxKernels, mistakes,
                 [&](const DocEntry& entry) { read(entry.key, &entry.value, entry.mark); });
  if (disks.size() > 1)
    mistakes.add(node->entries[1].mark,
                 "more than one disk is not supported yet; all nodes share one");
  return disks;
}

}  // namespace gridlock
