// SPDX-License-Identifier: GPL-2.0-or-later
#include "symbols/debug_file.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#include <span>
#include <tuple>
#include <utility>

#include "base/error.h"

namespace gridlock::symbols {
namespace {

namespace fs = std::filesystem;

constexpr const char* kKernelHint =
    "give the file vmlinux from the folder that kernel was built in, with CONFIG_DEBUG_INFO, or "
    "the one in the distribution's package of debug symbols";
constexpr const char* kModuleHint = "give the .ko files of that kernel's build, not stripped";

/// Source: RFC 8878, section 3.1.1.
constexpr std::string_view kZstdMagic = "\x28\xb5\x2f\xfd";

template <auto Free>
struct Releaser {
  template <class T>
  void operator()(T* pointer) const noexcept {
    Free(pointer);
  }
};
using DwflPtr = std::unique_ptr<Dwfl, Releaser<dwfl_end>>;
using DiesPtr = std::unique_ptr<Dwarf_Die[], Releaser<std::free>>;

const char* hint_for(FileKind kind) { return kind == FileKind::kernel ? kKernelHint : kModuleHint; }

int find_no_debug_file(Dwfl_Module*, void**, const char*, Dwarf_Addr, const char*, const char*,
                       GElf_Word, char**) {
  return -1;
}

int find_no_elf(Dwfl_Module*, void**, const char*, Dwarf_Addr, char**, Elf**) { return -1; }

const Dwfl_Callbacks kCallbacks{.find_elf = find_no_elf,
                                .find_debuginfo = find_no_debug_file,
                                .section_address = dwfl_offline_section_address,
                                .debuginfo_path = nullptr};

/// What a file that is no ELF file is, if it can be told from its first bytes.
/// Source: Documentation/x86/boot.rst (HdrS at 0x202), Documentation/arm64/booting.rst (ARM\x64 at
/// 56), the PE header that kernels with an EFI stub begin with.
std::string kind_of_image(std::string_view head) {
  if (head.size() > 0x206 && head.substr(0x202, 4) == "HdrS")
    return "a compressed kernel image (bzImage), which has no symbols";
  if (head.size() > 60 && head.substr(56, 4) == "ARM\x64")
    return "a kernel image for booting, which has no symbols";
  if (head.starts_with("MZ")) return "a bootable image, which has no symbols";
  return {};
}

/// The first bytes of a file. Throws unless it can be read and is none of the images that libdwfl
/// would open too.
std::string head_of(const fs::path& file, FileKind kind) {
  std::error_code ignored;
  if (fs::is_directory(file, ignored)) throw Error(file.string() + " is a folder", hint_for(kind));
  std::ifstream in(file, std::ios::binary);
  if (!in)
    throw Error(fmt::format("cannot open {}: {}", file.string(), std::strerror(errno)),
                hint_for(kind));
  std::string head(1024, '\0');
  in.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(in.gcount()));
  const std::string image = kind_of_image(head);
  if (!image.empty()) throw Error(file.string() + " is " + image, hint_for(kind));
  return head;
}

std::string dwfl_error() {
  const char* const text = dwfl_errmsg(-1);
  return text != nullptr ? text : "unknown error";
}

/// Names that are in no kernel's own symbol table.
/// Source: is_ignored_symbol in scripts/kallsyms.c, is_mapping_symbol in kernel/module/kallsyms.c.
bool is_left_out(std::string_view name) {
  return name.empty() || name.starts_with('$') || name.starts_with(".L") ||
         name.starts_with("__efistub_") || name.starts_with("__kcfi_typeid_");
}

/// An address range of a compilation unit.
struct UnitRange {
  Dwarf_Addr begin;
  Dwarf_Addr end;
  Dwarf_Die* unit;  ///< of the Dwfl
};

std::optional<Dwarf_Word> number_of(Dwarf_Die* die, unsigned int name) {
  Dwarf_Attribute attribute;
  Dwarf_Word value = 0;
  if (dwarf_attr(die, name, &attribute) == nullptr || dwarf_formudata(&attribute, &value) != 0)
    return std::nullopt;
  return value;
}

std::string text_or_empty(const char* text) { return text != nullptr ? text : ""; }

std::string compiled_in(Dwarf_Die* unit) {
  Dwarf_Attribute attribute;
  return text_or_empty(dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attribute)));
}

}  // namespace

std::string source_path(const std::string& path, const std::string& compiled_in) {
  if (path.empty()) return {};
  const fs::path plain = fs::path(path).lexically_normal();
  const fs::path folder = fs::path(compiled_in).lexically_normal();
  if (plain.is_relative())
    return *plain.begin() == ".." ? (folder / plain).lexically_normal().string() : plain.string();
  if (folder.is_relative() || folder == "/") return plain.string();
  const fs::path inside = plain.lexically_relative(folder);
  return inside.empty() || *inside.begin() == ".." ? plain.string() : inside.string();
}

class DebugFile::Impl {
 public:
  Impl(fs::path file, FileKind kind) : path_(std::move(file)) {
    const std::string head = head_of(path_, kind);
    dwfl_.reset(dwfl_begin(&kCallbacks));
    if (!dwfl_) throw Error("cannot start elfutils: " + dwfl_error());
    module_ = dwfl_report_offline(dwfl_.get(), "", path_.c_str(), -1);
    if (module_ == nullptr && head.starts_with(kZstdMagic))
      throw Error(path_.string() +
                      " is packed with zstd, which this elfutils cannot unpack; "
                      "unpack it first (unzstd)",
                  hint_for(kind));
    if (module_ == nullptr)
      throw Error(fmt::format("{} cannot be read as an ELF file: {}", path_.string(), dwfl_error()),
                  hint_for(kind));
    dwfl_report_end(dwfl_.get(), nullptr, nullptr);
    require_kind(kind);
    read_symbols();
    if (table_->empty())
      throw Error(path_.string() + " has no symbols: it was stripped", hint_for(kind));
  }

  const fs::path& path() const { return path_; }
  const SymbolTable& symbols() const { return *table_; }

  bool has_debug_information() { return !units().empty(); }

  std::vector<std::uint64_t> unwind(const StoppedProcessor& processor) {
    // A Dwfl is attached once, to whichever processor is looked at.
    if (!attached_) attached_ = dwfl_attach_state(dwfl_.get(), nullptr, kThread, &kThreads, this);
    std::vector<std::uint64_t> addresses;
    if (!*attached_) return addresses;
    stopped_ = &processor;
    dwfl_getthread_frames(dwfl_.get(), kThread, &Impl::note_frame, &addresses);
    stopped_ = nullptr;
    return addresses;
  }

  Resolution::Frames frames_at(Dwarf_Addr address, Dwarf_Addr symbol) {
    Dwarf_Die* const unit = unit_at(address);
    if (unit == nullptr) return {};
    const Dwarf_Addr pc = address - bias_;
    SourceFrame place;
    Dwarf_Addr row_begin = 0;
    if (Dwarf_Line* const line = dwarf_getsrc_die(unit, pc)) {
      place.file =
          source_path(text_or_empty(dwarf_linesrc(line, nullptr, nullptr)), compiled_in(unit));
      dwarf_lineno(line, &place.line);
      dwarf_lineaddr(line, &row_begin);
    }
    Resolution::Frames frames = functions_at(unit, pc, place);
    // A row of the line table reaches to the next one, also over assembly within a C file, which
    // has no rows: one that begins before the symbol is of the function before.
    if (frames.empty() && !place.file.empty() && row_begin >= symbol - bias_)
      frames.push_back(std::move(place));
    return frames;
  }

 private:
  /// The only thread there is, by the only number it can have.
  static constexpr pid_t kThread = 1;
  static constexpr std::size_t kMostFrames = 64;

  static pid_t next_thread(Dwfl*, void* self, void** thread) {
    if (*thread != nullptr) return 0;
    *thread = self;
    return kThread;
  }
  static bool read_word(Dwfl*, Dwarf_Addr address, Dwarf_Word* word, void* self) {
    const auto& stack = static_cast<Impl*>(self)->stopped_->stack;
    const auto found = stack.find(address);
    if (found == stack.end()) return false;
    *word = found->second;
    return true;
  }
  static bool set_registers(Dwfl_Thread* thread, void* self) {
    const StoppedProcessor& at = *static_cast<Impl*>(self)->stopped_;
    std::array<Dwarf_Word, std::tuple_size_v<decltype(at.registers)>> registers;
    std::ranges::copy(at.registers, registers.begin());
    dwfl_thread_state_register_pc(thread, at.instruction);
    return dwfl_thread_state_registers(thread, 0, registers.size(), registers.data());
  }
  static constexpr Dwfl_Thread_Callbacks kThreads{.next_thread = next_thread,
                                                  .get_thread = nullptr,
                                                  .memory_read = read_word,
                                                  .set_initial_registers = set_registers,
                                                  .detach = nullptr,
                                                  .thread_detach = nullptr};

  static int note_frame(Dwfl_Frame* frame, void* addresses) {
    auto& all = *static_cast<std::vector<std::uint64_t>*>(addresses);
    Dwarf_Addr address = 0;
    if (!dwfl_frame_pc(frame, &address, nullptr)) return DWARF_CB_ABORT;
    all.push_back(address);
    return all.size() < kMostFrames ? DWARF_CB_OK : DWARF_CB_ABORT;
  }

  void require_kind(FileKind kind) {
    GElf_Addr unused = 0;
    Elf* const elf = dwfl_module_getelf(module_, &unused);
    GElf_Ehdr header;
    if (elf == nullptr || gelf_getehdr(elf, &header) == nullptr)
      throw Error(fmt::format("{} cannot be read as an ELF file: {}", path_.string(), dwfl_error()),
                  hint_for(kind));
    const bool relocatable = header.e_type == ET_REL;
    if (kind == FileKind::kernel && relocatable)
      throw Error(path_.string() + " is a relocatable object, a module or vmlinux.o",
                  hint_for(kind));
    if (kind == FileKind::module && !relocatable)
      throw Error(path_.string() + " is no kernel module: not a relocatable object",
                  hint_for(kind));
    if (header.e_type == ET_CORE)
      throw Error(path_.string() + " is a memory dump (core file)", hint_for(kind));
  }

  void read_symbols() {
    const int count = dwfl_module_getsymtab(module_);
    std::vector<CodeSymbol> symbols;
    for (int i = 1; i < count; ++i) {
      GElf_Sym symbol;
      GElf_Addr address = 0;
      GElf_Word section = SHN_UNDEF;
      Elf* elf = nullptr;
      Dwarf_Addr bias = 0;
      const char* const name =
          dwfl_module_getsym_info(module_, i, &symbol, &address, &section, &elf, &bias);
      if (name == nullptr || is_left_out(name) || elf == nullptr || section == SHN_UNDEF) continue;
      const auto type = GELF_ST_TYPE(symbol.st_info);
      if (type == STT_SECTION || type == STT_FILE) continue;
      GElf_Shdr header;
      if (gelf_getshdr(elf_getscn(elf, section), &header) == nullptr ||
          (header.sh_flags & SHF_EXECINSTR) == 0)
        continue;
      // In a relocatable file, values count from the section's start, and its address is the
      // one that libdwfl gave it.
      GElf_Ehdr file_header;
      const bool relocatable =
          gelf_getehdr(elf, &file_header) != nullptr && file_header.e_type == ET_REL;
      const GElf_Addr into = relocatable ? symbol.st_value : symbol.st_value - header.sh_addr;
      symbols.push_back({.name = name,
                         .address = address,
                         .size = symbol.st_size,
                         .section_end = address - into + header.sh_size,
                         .function = type == STT_FUNC});
    }
    table_.emplace(std::move(symbols));
  }

  /// The ranges of all compilation units, ascending. Read from the units themselves, since clang
  /// writes no .debug_aranges and libdwfl 0.188 then finds only what the assembler wrote.
  const std::vector<UnitRange>& units() {
    if (units_) return *units_;
    std::vector<UnitRange> found;
    for (Dwarf_Die* unit = dwfl_module_nextcu(module_, nullptr, &bias_); unit != nullptr;
         unit = dwfl_module_nextcu(module_, unit, &bias_)) {
      Dwarf_Addr base = 0;
      Dwarf_Addr begin = 0;
      Dwarf_Addr end = 0;
      for (std::ptrdiff_t at = dwarf_ranges(unit, 0, &base, &begin, &end); at > 0;
           at = dwarf_ranges(unit, at, &base, &begin, &end))
        if (begin < end) found.push_back({begin, end, unit});
    }
    std::ranges::sort(found, {}, &UnitRange::begin);
    units_ = std::move(found);
    return *units_;
  }

  Dwarf_Die* unit_at(Dwarf_Addr address) {
    const std::vector<UnitRange>& ranges = units();
    const Dwarf_Addr pc = address - bias_;
    const auto after = std::ranges::upper_bound(ranges, pc, {}, &UnitRange::begin);
    if (after == ranges.begin() || pc >= std::prev(after)->end) return nullptr;
    return std::prev(after)->unit;
  }

  /// The function at `pc`, which is at `place`, and before it those inlined there. Empty if no
  /// function is known there.
  Resolution::Frames functions_at(Dwarf_Die* unit, Dwarf_Addr pc, const SourceFrame& place) {
    Resolution::Frames frames;
    SourceFrame frame = place;
    Dwarf_Die* raw = nullptr;
    int count = dwarf_getscopes(unit, pc, &raw);
    const DiesPtr at_pc(raw);
    if (count > 0) {
      // The scopes of an inlined function's pc go on where that function was written; those of
      // its entry in the tree go on where it was inlined.
      raw = nullptr;
      count = dwarf_getscopes_die(&at_pc[0], &raw);
    }
    const DiesPtr chain(count > 0 ? raw : nullptr);
    for (Dwarf_Die& scope : std::span(chain.get(), chain ? static_cast<std::size_t>(count) : 0)) {
      const int tag = dwarf_tag(&scope);
      if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_subprogram) continue;
      frame.function = text_or_empty(dwarf_diename(&scope));
      frame.inlined = tag == DW_TAG_inlined_subroutine;
      frames.push_back(std::exchange(frame, call_site(unit, &scope)));
      if (!frames.back().inlined) return frames;
    }
    return {};
  }

  /// Where an inlined function was called.
  static SourceFrame call_site(Dwarf_Die* unit, Dwarf_Die* inlined) {
    SourceFrame site;
    Dwarf_Files* files = nullptr;
    std::size_t count = 0;
    const auto file = number_of(inlined, DW_AT_call_file);
    if (file && dwarf_getsrcfiles(unit, &files, &count) == 0 && *file < count)
      site.file = source_path(text_or_empty(dwarf_filesrc(files, *file, nullptr, nullptr)),
                              compiled_in(unit));
    site.line = static_cast<int>(number_of(inlined, DW_AT_call_line).value_or(0));
    return site;
  }

  fs::path path_;
  DwflPtr dwfl_;
  Dwfl_Module* module_ = nullptr;  ///< of the Dwfl
  std::optional<SymbolTable> table_;
  std::optional<std::vector<UnitRange>> units_;
  std::optional<bool> attached_;               ///< whether this elfutils can unwind the file
  const StoppedProcessor* stopped_ = nullptr;  ///< while it is unwound
  Dwarf_Addr bias_ = 0;  ///< of addresses over those in the DWARF; set by units()
};

DebugFile::DebugFile(const fs::path& file, FileKind kind)
    : impl_(std::make_unique<Impl>(file, kind)) {}
DebugFile::DebugFile(DebugFile&&) noexcept = default;
DebugFile& DebugFile::operator=(DebugFile&&) noexcept = default;
DebugFile::~DebugFile() = default;

const fs::path& DebugFile::path() const { return impl_->path(); }
const SymbolTable& DebugFile::symbols() const { return impl_->symbols(); }
bool DebugFile::has_debug_information() { return impl_->has_debug_information(); }
std::vector<std::uint64_t> DebugFile::unwind(const StoppedProcessor& processor) {
  return impl_->unwind(processor);
}
Resolution::Frames DebugFile::frames_at(std::uint64_t address, std::uint64_t symbol) {
  return impl_->frames_at(address, symbol);
}

}  // namespace gridlock::symbols
