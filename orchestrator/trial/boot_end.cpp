// SPDX-License-Identifier: GPL-2.0-or-later
#include "trial/boot_end.h"

#include "base/text.h"

namespace gridlock {
namespace {

/// A boot prints less.
constexpr std::size_t kLongestBoot = 1 << 20;
constexpr std::size_t kLongest = 200;

/// What our init of an initramfs said last, or nothing.
std::string word_of_init(const std::vector<std::string>& lines) {
  constexpr std::string_view kMark = "gridlock: ";
  std::string word;
  for (const std::string& line : lines)
    if (const std::size_t at = line.find(kMark); at != std::string::npos)
      word = trimmed(std::string_view(line).substr(at + kMark.size()));
  return word;
}

}  // namespace

const char* const kNothingPrinted =
    "is it a kernel for x86-64 with the serial console built in (CONFIG_SERIAL_8250_CONSOLE=y, "
    "CONFIG_PRINTK=y)? Its command line says console=ttyS0. With CONFIG_CMDLINE_BOOL=y and "
    "CONFIG_CMDLINE=\"earlyprintk=ttyS0\" in its configuration it prints before it has a console";

std::string why_not_booted(const ConsoleTail& console) {
  const std::string text = console.text(0, kLongestBoot, kLongestBoot);
  // A reader of its own: the tail's findings are somebody else's to take.
  console::Reader reader;
  reader.feed(text);
  reader.finish();
  for (const console::Finding& finding : reader.take())
    if (!finding.secondary) return printable(finding.title, kLongest);
  if (const std::string word = word_of_init(split(text, '\n')); !word.empty())
    return printable(word, kLongest);
  if (const std::string line = printable(reader.last_line(), kLongest); !line.empty())
    return "the last line on its console is '" + line + "'";
  return "it has printed nothing";
}

}  // namespace gridlock
