// SPDX-License-Identifier: GPL-2.0-or-later
// Against small ELF files built from testdata/symbols. What is where in them comes from the
// binutils' nm and from marks in their sources.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/error.h"
#include "console/frames.h"
#include "support/temp_dir.h"
#include "symbols/debug_file.h"
#include "symbols/module_files.h"
#include "symbols/symbol_table.h"
#include "symbols/symbolizer.h"

namespace gridlock::symbols {
namespace {

namespace fs = std::filesystem;
using console::CodeLocation;

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

const fs::path kFiles = fs::path(GRIDLOCK_BINARY_DIR) / "symbols_files";
const fs::path kVmlinux = kFiles / "vmlinux";
const std::string kSources = "tests/testdata/symbols/";

/// What nm says of a file.
class Listing {
 public:
  explicit Listing(const std::string& file) {
    std::ifstream in(kFiles / file);
    std::string type;
    std::string name;
    for (std::uint64_t value = 0; in >> std::hex >> value >> type >> name;)
      (name.starts_with("offset_") ? marks_ : code_).emplace(name, value);
    EXPECT_FALSE(code_.empty()) << file << " was not built";
  }

  /// The offset behind the marked instruction; of the n-th mark of that name.
  std::uint64_t offset(const std::string& mark, int nth = 0) const {
    return nth_of(marks_, "offset_" + mark, nth);
  }

  std::uint64_t address(const std::string& symbol) const { return nth_of(code_, symbol, 0); }

  /// As the kernel prints it: up to the next symbol.
  std::uint64_t size(const std::string& symbol, int nth = 0) const {
    const std::uint64_t begin = nth_of(code_, symbol, nth);
    std::uint64_t end = UINT64_MAX;
    for (const auto& [name, value] : code_)
      if (value > begin) end = std::min(end, value);
    return end - begin;
  }

 private:
  using Values = std::multimap<std::string, std::uint64_t>;

  static std::uint64_t nth_of(const Values& values, const std::string& name, int nth) {
    std::vector<std::uint64_t> found;
    const auto [first, last] = values.equal_range(name);
    for (auto it = first; it != last; ++it) found.push_back(it->second);
    if (static_cast<int>(found.size()) <= nth) throw std::out_of_range("nm has no " + name);
    return found[static_cast<std::size_t>(nth)];
  }

  Values marks_;
  Values code_;
};

const Listing& kernel() {
  static const Listing listing("vmlinux.nm");
  return listing;
}

/// The line of `source` that says `line: MARK`.
int line_of(const std::string& source, const std::string& mark) {
  std::ifstream in(fs::path(GRIDLOCK_SOURCE_DIR) / kSources / source);
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.find("line: " + mark + " */") != std::string::npos) return number;
  }
  ADD_FAILURE() << "no mark " << mark << " in " << source;
  return -1;
}

SourceFrame frame(const std::string& function, const std::string& source, const std::string& mark) {
  return {.function = function, .file = kSources + source, .line = line_of(source, mark)};
}

SourceFrame inlined(const std::string& function, const std::string& source,
                    const std::string& mark) {
  SourceFrame result = frame(function, source, mark);
  result.inlined = true;
  return result;
}

/// The return address behind the marked instruction of the kernel.
CodeLocation at(const std::string& symbol, const std::string& mark, int nth = 0) {
  return {.symbol = symbol,
          .offset = kernel().offset(mark, nth),
          .size = kernel().size(symbol, nth),
          .module = "",
          .is_return = true};
}

CodeLocation in_module(const std::string& module, const std::string& symbol, std::uint64_t size) {
  static const Listing listing("module.nm");
  return {.symbol = symbol,
          .offset = listing.offset(symbol),
          .size = size,
          .module = module,
          .is_return = true};
}

/// The only candidate; fails the test if something lacks.
Resolution::Frames frames_of(Symbolizer& symbolizer, const CodeLocation& location) {
  const Resolution resolution = symbolizer.resolve(location);
  EXPECT_EQ(resolution.lack, Lack::nothing) << resolution.why;
  EXPECT_EQ(resolution.why, "");
  EXPECT_FALSE(resolution.ambiguous());
  return resolution.candidates.empty() ? Resolution::Frames{} : resolution.candidates.front();
}

template <class Function>
Error error_of(const Function& function) {
  try {
    function();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no Error was thrown";
  return Error("");
}

TEST(Symbolizer, NamesInlinedFunctionsAndWhereEachWasCalled) {
  Symbolizer symbolizer(kVmlinux);
  EXPECT_THAT(frames_of(symbolizer, at("read_page", "inlined")),
              ElementsAre(inlined("wait_inner", "kernel.c", "inner"),
                          inlined("wait_outer", "kernel.c", "outer"),
                          frame("read_page", "kernel.c", "caller")));
}

TEST(Symbolizer, FindsTheCallBehindWhichAReturnAddressLies) {
  Symbolizer symbolizer(kVmlinux);
  CodeLocation location = at("read_page", "plain");
  EXPECT_THAT(frames_of(symbolizer, location), ElementsAre(frame("read_page", "kernel.c", "call")));
  location.is_return = false;
  EXPECT_THAT(frames_of(symbolizer, location),
              ElementsAre(frame("read_page", "kernel.c", "after")));
}

TEST(Symbolizer, FindsACallThatIsTheLastInstructionOfItsFunction) {
  Symbolizer symbolizer(kVmlinux);
  CodeLocation location = at("give_up", "give_up");
  location.size = location.offset;  // as if no padding followed; so the kernel prints it then
  EXPECT_THAT(frames_of(symbolizer, location),
              ElementsAre(frame("give_up", "kernel.c", "give_up")));
  location.is_return = false;
  EXPECT_EQ(symbolizer.resolve(location).lack, Lack::offset);
}

TEST(Symbolizer, DoesNotStepOutOfAFunctionAtItsFirstByte) {
  Symbolizer symbolizer(kVmlinux);
  CodeLocation location = at("after_give_up", "give_up");
  location.offset = 0;
  const Resolution::Frames frames = frames_of(symbolizer, location);
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].function, "after_give_up");
}

TEST(Symbolizer, TellsFunctionsOfOneNameApartBySize) {
  ASSERT_NE(kernel().size("twin", 0), kernel().size("twin", 1));
  Symbolizer symbolizer(kVmlinux);
  EXPECT_THAT(frames_of(symbolizer, at("twin", "twin", 0)),
              ElementsAre(frame("twin", "twin_a.c", "twin")));
  EXPECT_THAT(frames_of(symbolizer, at("twin", "twin", 1)),
              ElementsAre(frame("twin", "twin_b.c", "twin")));
}

TEST(Symbolizer, GivesAllFunctionsOfOneNameAndSize) {
  ASSERT_EQ(kernel().size("same", 0), kernel().size("same", 1));
  Symbolizer symbolizer(kVmlinux);
  const Resolution resolution = symbolizer.resolve(at("same", "same"));
  EXPECT_TRUE(resolution.ambiguous());
  EXPECT_EQ(resolution.unlisted, 0u);
  EXPECT_THAT(resolution.candidates, ElementsAre(ElementsAre(frame("same", "twin_a.c", "same")),
                                                 ElementsAre(frame("same", "twin_b.c", "same"))));
  EXPECT_THAT(describe(resolution),
              ElementsAre("1 of 2: " + describe(frame("same", "twin_a.c", "same")),
                          "2 of 2: " + describe(frame("same", "twin_b.c", "same"))));
}

TEST(Symbolizer, LooksUpNamesWithTheirSuffixes) {
  Symbolizer symbolizer(kVmlinux);
  EXPECT_EQ(frames_of(symbolizer, at("split", "split"))[0], frame("split", "kernel.c", "split"));
  EXPECT_EQ(frames_of(symbolizer, at("split.cold", "split_cold"))[0].line,
            line_of("kernel.c", "split_cold"));
  EXPECT_EQ(frames_of(symbolizer, at("clone.isra.0", "clone"))[0].line,
            line_of("kernel.c", "clone"));
  CodeLocation cut = at("clone.isra.0", "clone");
  cut.symbol = "clone";
  EXPECT_EQ(symbolizer.resolve(cut).lack, Lack::symbol);
}

TEST(Symbolizer, GivesAssemblyTheNameOfItsSymbol) {
  Symbolizer symbolizer(kVmlinux);
  const CodeLocation location{.symbol = "entry_path",
                              .offset = 1,
                              .size = kernel().size("entry_path"),
                              .module = "",
                              .is_return = false};
  EXPECT_THAT(frames_of(symbolizer, location),
              ElementsAre(frame("entry_path", "entry.S", "entry")));
}

TEST(Symbolizer, SaysWhatLacks) {
  Symbolizer symbolizer(kVmlinux);
  CodeLocation location = at("read_page", "plain");
  location.symbol = "no_such_function";
  Resolution resolution = symbolizer.resolve(location);
  EXPECT_EQ(resolution.lack, Lack::symbol);
  EXPECT_TRUE(resolution.candidates.empty());
  EXPECT_FALSE(resolution.ambiguous());
  EXPECT_EQ(resolution.why, "no function no_such_function in " + kVmlinux.string());

  location = at("read_page", "plain");
  location.size += 0x1000;
  resolution = symbolizer.resolve(location);
  EXPECT_EQ(resolution.lack, Lack::size);
  EXPECT_THAT(resolution.why, HasSubstr("the file is not of the kernel that printed this"));

  for (const std::uint64_t offset : {location.size + 1, UINT64_MAX}) {
    location.offset = offset;
    resolution = symbolizer.resolve(location);
    EXPECT_EQ(resolution.lack, Lack::offset);
    EXPECT_THAT(resolution.why, HasSubstr("lies outside read_page, which has"));
  }

  location = at("long_one", "plain");
  resolution = symbolizer.resolve(location);
  EXPECT_EQ(resolution.lack, Lack::lines);
  EXPECT_THAT(describe(resolution),
              ElementsAre("long_one",
                          "(no debug information for that place in " + kVmlinux.string() + ")"));
}

TEST(Symbolizer, NamesFunctionsWithoutDebugInformation) {
  const fs::path file = kFiles / "vmlinux.nodebug";
  Symbolizer symbolizer(file);
  const Resolution resolution = symbolizer.resolve(at("read_page", "inlined"));
  EXPECT_EQ(resolution.lack, Lack::lines);
  EXPECT_THAT(resolution.candidates,
              ElementsAre(ElementsAre(SourceFrame{.function = "read_page", .file = ""})));
  EXPECT_EQ(resolution.why, "no debug information in " + file.string() + ": no file and line");
}

TEST(Symbolizer, NeedsNoAddressRangeTableAndReadsPackedDebugInformation) {
  for (const char* const file : {"vmlinux.noaranges", "vmlinux.zlib"}) {
    Symbolizer symbolizer(kFiles / file);
    EXPECT_EQ(frames_of(symbolizer, at("read_page", "inlined")).size(), 3u) << file;
  }
}

TEST(Symbolizer, SaysWhatWasGivenInsteadOfAKernel) {
  const TempDir folder;
  const auto file_of = [&](const std::string& name, const std::string& bytes) {
    std::ofstream(folder.path() / name, std::ios::binary) << bytes;
    return folder.path() / name;
  };
  std::string boot_image(4096, '\0');
  boot_image.replace(0x202, 4, "HdrS");
  std::string broken(4096, '\x5a');
  broken.replace(0, 7,
                 "\x7f"
                 "ELF\x02\x01\x01");
  const std::vector<std::pair<fs::path, std::string>> cases{
      {folder.path() / "absent", "cannot open "},
      {folder.path(), " is a folder"},
      {file_of("empty", ""), " cannot be read as an ELF file: "},
      {file_of("System.map", "ffffffff81000000 T _text\n"), " cannot be read as an ELF file: "},
      {file_of("broken", broken), ""},
      {file_of("bzImage", boot_image), " is a compressed kernel image (bzImage), which has no"},
      {file_of("Image", "MZ" + std::string(100, '\0')), " is a bootable image, which has no"},
      {kFiles / "vmlinux.stripped", " has no symbols: it was stripped"},
      {kFiles / "module.o", " is a relocatable object, a module or vmlinux.o"}};
  for (const auto& [file, message] : cases) {
    const Error error = error_of([&, given = file] { Symbolizer{given}; });
    EXPECT_THAT(error.what(), AllOf(HasSubstr(file.string()), HasSubstr(message)));
    EXPECT_THAT(error.hint(), HasSubstr("give the file vmlinux")) << file;
  }
}

TEST(Symbolizer, ResolvesModulesInTheSectionOfTheSymbol) {
  Symbolizer symbolizer(kVmlinux, kFiles / "modules");
  // Alone in its section, so its size is up to the end of the page or of the section after it.
  for (const std::uint64_t size : {0x10u, 0x1000u}) {
    for (const char* const function : {"lab_read", "lab_panic"})
      EXPECT_THAT(frames_of(symbolizer, in_module("lab_fs", function, size)),
                  ElementsAre(frame(function, "module.c", function)));
    EXPECT_THAT(frames_of(symbolizer, in_module("lab_fs", "lab_init", size)),
                ElementsAre(inlined("lab_register", "module.c", "lab_register"),
                            frame("lab_init", "module.c", "lab_init")));
  }
}

TEST(Symbolizer, UnpacksModules) {
  Symbolizer symbolizer(kVmlinux, kFiles / "packed");
  for (const char* const module : {"lab_gz", "lab_xz"})
    EXPECT_THAT(frames_of(symbolizer, in_module(module, "lab_panic", 0x10)),
                ElementsAre(frame("lab_panic", "module.c", "lab_panic")));
}

TEST(Symbolizer, PrefersAModulesFileWithDebugInformation) {
  Symbolizer symbolizer(kVmlinux, kFiles / "split");
  EXPECT_THAT(frames_of(symbolizer, in_module("lab_fs", "lab_panic", 0x10)),
              ElementsAre(frame("lab_panic", "module.c", "lab_panic")));
}

TEST(Symbolizer, SaysWhyAModuleCannotBeUsed) {
  const CodeLocation location = in_module("lab_fs", "lab_read", 0x10);
  Symbolizer without(kVmlinux);
  EXPECT_EQ(without.resolve(location).why,
            "lab_read is in module lab_fs, and no folder of modules was given");

  const TempDir folder;
  Symbolizer of_others(kVmlinux, folder.path());
  EXPECT_EQ(of_others.resolve(location).lack, Lack::module);
  EXPECT_EQ(of_others.resolve(location).why,
            "no file of module lab_fs in " + folder.path().string());

  std::ofstream(folder.path() / "lab-fs.ko") << "garbage";
  fs::copy_file(kVmlinux, folder.path() / "program.ko");
  Symbolizer of_garbage(kVmlinux, folder.path());
  EXPECT_EQ(of_garbage.resolve(location).lack, Lack::module);
  EXPECT_THAT(of_garbage.resolve(location).why,
              HasSubstr("lab-fs.ko cannot be read as an ELF file: "));
  EXPECT_THAT(of_garbage.resolve(in_module("program", "lab_read", 0x10)).why,
              HasSubstr("program.ko is no kernel module"));

  std::ofstream(folder.path() / "packed.ko.zst") << "\x28\xb5\x2f\xfd garbage";
  Symbolizer of_packed(kVmlinux, folder.path());
  EXPECT_THAT(of_packed.resolve(in_module("packed", "lab_read", 0x10)).why,
              HasSubstr("packed.ko.zst is packed with zstd"));

  EXPECT_THAT(error_of([&] { Symbolizer(kVmlinux, folder.path() / "absent"); }).what(),
              HasSubstr("absent is no folder of kernel modules"));
}

TEST(Symbolizer, AnswersABoundedNumberOfQuestions) {
  Symbolizer symbolizer(kVmlinux);
  CodeLocation location = at("long_one", "plain");
  ASSERT_GT(location.size, Symbolizer::kMaxAddresses);
  for (location.offset = 1; location.offset <= Symbolizer::kMaxAddresses; ++location.offset)
    ASSERT_EQ(symbolizer.resolve(location).lack, Lack::lines) << location.offset;
  EXPECT_EQ(symbolizer.resolve(location).lack, Lack::limit);
  location.offset = 1;
  EXPECT_EQ(symbolizer.resolve(location).lack, Lack::lines) << "known answers are given again";

  const TempDir folder;
  Symbolizer with_modules(kVmlinux, folder.path());
  for (std::size_t i = 0; i <= Symbolizer::kMaxModules; ++i)
    fs::create_symlink(kFiles / "module.o", folder.path() / ("m" + std::to_string(i) + ".ko"));
  for (std::size_t i = 0; i <= Symbolizer::kMaxModules; ++i) {
    const auto answer = with_modules.resolve(in_module("m" + std::to_string(i), "lab_read", 0x10));
    EXPECT_EQ(answer.lack, i < Symbolizer::kMaxModules ? Lack::nothing : Lack::limit) << i;
  }
}

/// A processor at the begin of schedule_out, which read_page called, which give_up called.
StoppedProcessor in_schedule_out() {
  constexpr std::uint64_t kStack = 0xffffc90000000f00;
  StoppedProcessor processor;
  processor.in_kernel = true;
  processor.instruction = kernel().address("schedule_out");
  processor.registers[StoppedProcessor::kStackPointer] = kStack;
  processor.stack[kStack] = kernel().address("read_page") + kernel().offset("plain");
  processor.stack[kStack + 8] = kernel().address("give_up") + kernel().offset("give_up");
  return processor;
}

TEST(Symbolizer, FollowsTheStackOfAProcessorThatStood) {
  Symbolizer symbolizer(kVmlinux);
  const auto steps = symbolizer.backtrace(in_schedule_out());
  ASSERT_EQ(steps.size(), 3u);
  EXPECT_EQ(console::to_string(steps[0].location),
            fmt::format("schedule_out+0x0/{:#x}", kernel().size("schedule_out")));
  EXPECT_FALSE(steps[0].location.is_return);
  EXPECT_EQ(steps[1].location, at("read_page", "plain"));
  EXPECT_THAT(steps[1].source.candidates,
              ElementsAre(ElementsAre(frame("read_page", "kernel.c", "call"))));
  EXPECT_EQ(steps[2].location, at("give_up", "give_up"));
  // Another processor of the same kernel, whose stack was not read.
  StoppedProcessor other = in_schedule_out();
  other.stack.clear();
  EXPECT_EQ(symbolizer.backtrace(other).size(), 1u);
}

TEST(Symbolizer, MakesNothingOfAProcessorElsewhere) {
  Symbolizer symbolizer(kVmlinux);
  StoppedProcessor elsewhere = in_schedule_out();
  elsewhere.instruction = 0x7fff00001000;
  EXPECT_TRUE(symbolizer.backtrace(elsewhere).empty());
  elsewhere.instruction = 0;
  EXPECT_TRUE(symbolizer.backtrace(elsewhere).empty());
  // Words that are no return addresses end it.
  StoppedProcessor damaged = in_schedule_out();
  for (auto& [address, word] : damaged.stack) word = 0xdead4ead;
  EXPECT_EQ(symbolizer.backtrace(damaged).size(), 1u);
}

TEST(SymbolTable, KnowsTheFunctionThatAnAddressIsIn) {
  const SymbolTable table({{"first", 0x100, 0x10, 0x200, true},
                           {"label", 0x110, 0, 0x200, false},
                           {"second", 0x120, 0x10, 0x200, true}});
  EXPECT_FALSE(table.at(0xff));
  EXPECT_EQ(table.at(0x10a)->name, "first");
  EXPECT_EQ(table.at(0x10a)->offset, 0xau);
  EXPECT_EQ(table.at(0x11f)->name, "label");
  EXPECT_EQ(table.at(0x120)->name, "second");
  EXPECT_EQ(table.at(0x120)->size, 0xe0u);
  EXPECT_FALSE(table.at(0x200));
}

TEST(SymbolTable, PrefersTheSizeThatTheKernelPrints) {
  const SymbolTable table({{"padded", 0x100, 0x1d, 0x1000},
                           {"padded", 0x120, 0x20, 0x1000},
                           {"next", 0x150, 0x10, 0x1000}});
  EXPECT_THAT(table.find("padded", 0x20).addresses, ElementsAre(0x100));
  EXPECT_THAT(table.find("padded", 0x30).addresses, ElementsAre(0x120));
  EXPECT_THAT(table.find("padded", 0x1d).addresses, ElementsAre(0x100));
  EXPECT_THAT(table.find("padded", 0x31).addresses, ElementsAre());
  EXPECT_TRUE(table.find("padded", 0x31).name_known);
  EXPECT_EQ(table.find("padded", 0x31).size_here, 0x20u);
  EXPECT_FALSE(table.find("absent", 0x20).name_known);
}

TEST(SymbolTable, TakesAliasesForOneAndStepsOverLabels) {
  const SymbolTable table(
      {{"function", 0x100, 0x40, 0x1000},
       {"alias", 0x100, 0x40, 0x1000},
       {"function", 0x100, 0x40, 0x1000},
       {.name = "label", .address = 0x120, .size = 0, .section_end = 0x1000, .function = false},
       {"next", 0x150, 0x10, 0x1000}});
  for (const std::uint64_t size : {0x20u, 0x40u, 0x50u}) {
    EXPECT_THAT(table.find("function", size).addresses, ElementsAre(0x100)) << size;
    EXPECT_THAT(table.find("alias", size).addresses, ElementsAre(0x100)) << size;
  }
  EXPECT_THAT(table.find("function", 0x51).addresses, ElementsAre());
}

TEST(SymbolTable, EndsTheLastFunctionWithItsSection) {
  const SymbolTable table({{"last", 0x100, 0x1d, 0x120}, {"elsewhere", 0x4000, 8, 0x5000}});
  for (const std::uint64_t size : {0x1du, 0x20u, 0xf00u})
    EXPECT_THAT(table.find("last", size).addresses, ElementsAre(0x100)) << size;
  EXPECT_THAT(table.find("last", 0x1c).addresses, ElementsAre());
  EXPECT_THAT(table.find("last", 0x20000).addresses, ElementsAre());
}

TEST(SymbolTable, BoundsTheCandidates) {
  std::vector<CodeSymbol> symbols;
  for (std::uint64_t i = 0; i < 20; ++i)
    symbols.push_back({"init", 0x100 + i * 0x10, 0x10, 0x1000});
  symbols.push_back({"next", 0x100 + 20 * 0x10, 0x10, 0x1000});
  const auto match = SymbolTable(symbols).find("init", 0x10);
  EXPECT_EQ(match.addresses.size(), SymbolTable::kMaxCandidates);
  EXPECT_EQ(match.unlisted, 20 - SymbolTable::kMaxCandidates);
}

TEST(ModuleFiles, AreKnownByTheNameTheKernelPrints) {
  EXPECT_EQ(module_name("dm-mod.ko"), "dm_mod");
  EXPECT_EQ(module_name("gfs2.ko.debug"), "gfs2");
  EXPECT_EQ(module_name("gfs2.ko.xz"), "gfs2");
  EXPECT_EQ(module_name("snd-hda-intel.ko.zst"), "snd_hda_intel");
  EXPECT_EQ(module_name("gfs2.o"), "");
  EXPECT_EQ(module_name("gfs2.ko.cmd"), "");

  const TempDir folder;
  fs::create_directories(folder.path() / "kernel/fs");
  std::ofstream(folder.path() / "kernel/fs/b-c.ko");
  std::ofstream(folder.path() / "b_c.ko.xz");
  std::ofstream(folder.path() / "modules.dep");
  const auto files = module_files(folder.path());
  ASSERT_EQ(files.size(), 1u);
  EXPECT_THAT(files.at("b_c"),
              ElementsAre(folder.path() / "b_c.ko.xz", folder.path() / "kernel/fs/b-c.ko"));
  EXPECT_THAT(error_of([&] { module_files(folder.path() / "absent"); }).what(),
              HasSubstr("cannot look for kernel modules in"));
}

TEST(SourcePath, IsRelativeToTheSourceWhereItCanBe) {
  EXPECT_EQ(source_path("fs/gfs2/file.c", "/src/linux"), "fs/gfs2/file.c");
  EXPECT_EQ(source_path("././include/linux/list.h", "."), "include/linux/list.h");
  EXPECT_EQ(source_path("/src/linux/fs/gfs2/file.c", "/src/linux"), "fs/gfs2/file.c");
  EXPECT_EQ(source_path("/src/linux-6.1/fs/inode.c", "/src/linux"), "/src/linux-6.1/fs/inode.c");
  EXPECT_EQ(source_path("../fs/inode.c", "/src/linux/build"), "/src/linux/fs/inode.c");
  EXPECT_EQ(source_path("/src/fs/inode.c", "/"), "/src/fs/inode.c");
  EXPECT_EQ(source_path("/src/fs/inode.c", ""), "/src/fs/inode.c");
  EXPECT_EQ(source_path("", "/src"), "");
}

TEST(SourceFrame, IsDescribedInOneLine) {
  SourceFrame frame{.function = "gfs2_fault", .file = "fs/gfs2/file.c", .line = 576};
  EXPECT_EQ(describe(frame), "gfs2_fault (fs/gfs2/file.c:576)");
  frame.inlined = true;
  EXPECT_EQ(describe(frame), "gfs2_fault (fs/gfs2/file.c:576) [inlined]");
  frame.line = 0;
  EXPECT_EQ(describe(frame), "gfs2_fault (fs/gfs2/file.c) [inlined]");
}

}  // namespace
}  // namespace gridlock::symbols
