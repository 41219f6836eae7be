// SPDX-License-Identifier: GPL-2.0-or-later
#include "image/apt_sources.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/text.h"

namespace gridlock {
namespace {

struct Entry {
  std::vector<std::string> types;
  std::vector<std::string> uris;
  std::vector<std::string> suites;
  std::vector<std::string> components;
  bool enabled = true;
  std::string trust;  ///< Signed-By and Trusted fields as they are to be written, lines
};

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> out;
  std::size_t at = 0;
  while ((at = text.find_first_not_of(" \t\n", at)) != std::string_view::npos) {
    const std::size_t end = std::min(text.find_first_of(" \t\n", at), text.size());
    out.emplace_back(text.substr(at, end - at));
    at = end;
  }
  return out;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

bool contains(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

Entry entry_of(const std::map<std::string, std::string>& fields) {
  const auto field = [&](const std::string& name) {
    const auto found = fields.find(name);
    return found == fields.end() ? std::string{} : found->second;
  };
  Entry entry{words(field("types")),
              words(field("uris")),
              words(field("suites")),
              words(field("components")),
              lower(trimmed(field("enabled"))) != "no",
              {}};
  if (fields.contains("signed-by")) entry.trust += "Signed-By:" + field("signed-by") + "\n";
  if (fields.contains("trusted")) entry.trust += "Trusted:" + field("trusted") + "\n";
  return entry;
}

/// Stanzas of fields; a line that begins with a blank goes on with the field above it.
std::vector<Entry> read_deb822(std::string_view text) {
  std::vector<Entry> entries;
  std::map<std::string, std::string> fields;
  std::string last;
  for (const std::string& line : split(text, '\n')) {
    if (line.starts_with('#')) continue;
    if (trimmed(line).empty()) {
      if (!fields.empty()) entries.push_back(entry_of(fields));
      fields.clear();
      last.clear();
    } else if (line.front() == ' ' || line.front() == '\t') {
      if (!last.empty()) fields[last] += "\n" + line;
    } else if (const std::size_t colon = line.find(':'); colon != std::string::npos) {
      last = lower(trimmed(line.substr(0, colon)));
      fields[last] = line.substr(colon + 1);
    }
  }
  if (!fields.empty()) entries.push_back(entry_of(fields));
  return entries;
}

/// deb [ option=value … ] uri suite component…
std::optional<Entry> read_line(std::string_view line) {
  line = line.substr(0, line.find('#'));
  Entry entry;
  const std::size_t open = line.find('[');
  std::string rest(line);
  if (open != std::string_view::npos) {
    const std::size_t close = line.find(']', open);
    if (close == std::string_view::npos) return std::nullopt;
    for (const std::string& option : words(line.substr(open + 1, close - open - 1))) {
      const std::size_t equals = option.find('=');
      if (equals == std::string::npos) continue;
      const std::string value = " " + option.substr(equals + 1) + "\n";
      if (option.starts_with("signed-by=")) entry.trust += "Signed-By:" + value;
      if (option.starts_with("trusted=")) entry.trust += "Trusted:" + value;
    }
    rest = std::string(line.substr(0, open)) + std::string(line.substr(close + 1));
  }
  const std::vector<std::string> parts = words(rest);
  if (parts.size() < 4) return std::nullopt;
  entry.types = {parts[0]};
  entry.uris = {parts[1]};
  entry.suites = {parts[2]};
  entry.components.assign(parts.begin() + 3, parts.end());
  return entry;
}

std::vector<Entry> read_entries(const AptSourceFile& file) {
  if (file.name.ends_with(".sources")) return read_deb822(file.text);
  std::vector<Entry> entries;
  for (const std::string& line : split(file.text, '\n'))
    if (auto entry = read_line(line)) entries.push_back(std::move(*entry));
  return entries;
}

}  // namespace

std::string select_sources(const std::vector<AptSourceFile>& files, std::string_view codename) {
  const std::string name(codename);
  const std::vector<std::string> wanted{name, name + "-updates", name + "-security"};
  std::string out;
  for (const AptSourceFile& file : files) {
    for (Entry& entry : read_entries(file)) {
      if (!entry.enabled || !contains(entry.types, "deb") || !contains(entry.components, "main"))
        continue;
      std::erase_if(entry.suites, [&](const std::string& s) { return !contains(wanted, s); });
      // A disc in a drive is no mirror.
      std::erase_if(entry.uris, [](const std::string& uri) { return uri.starts_with("cdrom:"); });
      if (entry.suites.empty() || entry.uris.empty()) continue;
      if (!out.empty()) out += "\n";
      out += "Types: deb\nURIs: " + join(entry.uris, " ") + "\nSuites: " + join(entry.suites, " ") +
             "\nComponents: main\n" + entry.trust;
    }
  }
  return out;
}

std::optional<std::string> codename_of(std::string_view os_release) {
  for (const std::string& line : split(os_release, '\n')) {
    constexpr std::string_view kKey = "VERSION_CODENAME=";
    if (!line.starts_with(kKey)) continue;
    std::string_view value = trimmed(std::string_view(line).substr(kKey.size()));
    if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'') &&
        value.back() == value.front())
      value = value.substr(1, value.size() - 2);
    if (!value.empty()) return std::string(value);
  }
  return std::nullopt;
}

std::string select_apt_options(std::string_view dump) {
  static constexpr std::array<std::string_view, 7> kWanted{
      "acquire::http::",  "acquire::https::", "acquire::ftp::",         "acquire::retries",
      "acquire::socks::", "acquire::check-",  "acquire::max-valid-time"};
  std::string out;
  for (const std::string& line : split(dump, '\n')) {
    const std::string name = lower(line);
    const bool wanted = std::any_of(kWanted.begin(), kWanted.end(), [&](std::string_view prefix) {
      return name.starts_with(prefix);
    });
    if (wanted) out += line + "\n";
  }
  return out;
}

}  // namespace gridlock
