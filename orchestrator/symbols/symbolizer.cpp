// SPDX-License-Identifier: GPL-2.0-or-later
#include "symbols/symbolizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "symbols/debug_file.h"
#include "symbols/module_files.h"

namespace gridlock::symbols {
namespace {

namespace fs = std::filesystem;

/// A .ko and its .ko.debug, of some builds; more files of one name are no one kernel's.
constexpr std::size_t kMaxFilesOfAModule = 4;

Resolution lacking(Lack lack, std::string why) {
  Resolution resolution;
  resolution.lack = lack;
  resolution.why = std::move(why);
  return resolution;
}

/// Which of two answers says more; higher is better.
int rank(const Resolution& resolution) {
  if (!resolution.candidates.empty()) return resolution.lack == Lack::nothing ? 3 : 2;
  return resolution.lack == Lack::module ? 0 : 1;
}

/// Whether the kernel can have printed that offset: a return address may lie right behind the
/// symbol, when its last instruction is a call that never returns.
bool is_inside(const console::CodeLocation& location) {
  return location.offset < location.size ||
         (location.is_return && location.offset == location.size && location.size > 0);
}

}  // namespace

class Symbolizer::Impl {
 public:
  Impl(const fs::path& vmlinux, std::optional<fs::path> modules)
      : kernel_{DebugFile(vmlinux, FileKind::kernel), {}}, modules_(std::move(modules)) {
    std::error_code unknown;
    if (modules_ && !fs::is_directory(*modules_, unknown))
      throw Error(fmt::format("{} is no folder of kernel modules", modules_->string()),
                  "give the folder that holds the .ko files of that kernel");
  }

  Resolution resolve(const console::CodeLocation& location) {
    if (!is_inside(location))
      return lacking(Lack::offset,
                     fmt::format("offset {:#x} lies outside {}, which has {:#x} bytes",
                                 location.offset, location.symbol, location.size));
    if (location.module.empty()) return resolve_in(kernel_, location);
    return resolve_in_module(location);
  }

  std::vector<Step> backtrace(const StoppedProcessor& processor) {
    std::vector<Step> steps;
    for (const std::uint64_t address : kernel_.file.unwind(processor)) {
      const bool is_return = !steps.empty();
      const auto place = kernel_.file.symbols().at(address - (is_return ? 1 : 0));
      if (!place) break;
      Step& step = steps.emplace_back();
      step.location = {std::string(place->name),
                       place->offset + (is_return ? 1 : 0),
                       place->size,
                       {},
                       is_return};
      step.source = resolve(step.location);
    }
    return steps;
  }

 private:
  /// An address and that of the symbol it is in.
  struct Place {
    std::uint64_t address;
    std::uint64_t symbol;
    auto operator<=>(const Place&) const = default;
  };
  /// A file and what it answered.
  struct Source {
    DebugFile file;
    std::map<Place, Resolution::Frames> answers;
  };
  struct Module {
    std::vector<Source> sources;
    std::string unreadable;  ///< why the files that are no source are none
  };

  Resolution resolve_in(Source& source, const console::CodeLocation& location) {
    const std::string file = source.file.path().string();
    const auto match = source.file.symbols().find(location.symbol, location.size);
    if (!match.name_known)
      return lacking(Lack::symbol, fmt::format("no function {} in {}", location.symbol, file));
    if (match.addresses.empty())
      return lacking(
          Lack::size,
          fmt::format("{} has {:#x} bytes in {}, not {:#x}: the file is not of the kernel "
                      "that printed this",
                      location.symbol, match.size_here, file, location.size));
    Resolution resolution;
    resolution.unlisted = match.unlisted;
    for (const std::uint64_t address : match.addresses) {
      // A return address at offset 0 is none: it would be looked up in the function before.
      const bool step_back = location.is_return && location.offset > 0;
      const auto* const known =
          frames_at(source, {address + location.offset - (step_back ? 1 : 0), address});
      if (known == nullptr)
        return lacking(Lack::limit, fmt::format("{} addresses were looked up before: no more are",
                                                kMaxAddresses));
      Resolution::Frames frames = *known;
      if (frames.empty()) frames.push_back({});
      if (frames.back().function.empty()) frames.back().function = location.symbol;
      if (frames.front().file.empty()) note_no_lines(source, resolution);
      // Copies of one header's function in several files are one place in the source.
      if (std::ranges::find(resolution.candidates, frames) == resolution.candidates.end())
        resolution.candidates.push_back(std::move(frames));
    }
    return resolution;
  }

  static void note_no_lines(Source& source, Resolution& resolution) {
    const std::string file = source.file.path().string();
    resolution.lack = Lack::lines;
    resolution.why = source.file.has_debug_information()
                         ? fmt::format("no debug information for that place in {}", file)
                         : fmt::format("no debug information in {}: no file and line", file);
  }

  /// Null if the limit is reached. The answer is empty where the file knows nothing.
  const Resolution::Frames* frames_at(Source& source, const Place& place) {
    const auto known = source.answers.find(place);
    if (known != source.answers.end()) return &known->second;
    if (looked_up_ == kMaxAddresses) return nullptr;
    ++looked_up_;
    return &source.answers.emplace(place, source.file.frames_at(place.address, place.symbol))
                .first->second;
  }

  Resolution resolve_in_module(const console::CodeLocation& location) {
    if (!modules_)
      return lacking(Lack::module,
                     fmt::format("{} is in module {}, and no folder of modules was given",
                                 location.symbol, location.module));
    std::string name = location.module;
    std::ranges::replace(name, '-', '_');
    Module* const module = module_of(name);
    if (module == nullptr)
      return lacking(Lack::limit,
                     fmt::format("{} modules were opened before: no more are", kMaxModules));
    Resolution best = lacking(
        Lack::module, module->unreadable.empty()
                          ? fmt::format("no file of module {} in {}", name, modules_->string())
                          : module->unreadable);
    for (Source& source : module->sources) take_better(best, resolve_in(source, location));
    return best;
  }

  /// Files of one module agree, or each is a candidate.
  static void take_better(Resolution& best, Resolution other) {
    if (rank(other) > rank(best)) {
      best = std::move(other);
    } else if (rank(other) == rank(best) && !other.candidates.empty()) {
      for (Resolution::Frames& frames : other.candidates) {
        if (std::ranges::find(best.candidates, frames) != best.candidates.end()) continue;
        if (best.candidates.size() < SymbolTable::kMaxCandidates)
          best.candidates.push_back(std::move(frames));
        else
          ++best.unlisted;
      }
    }
  }

  /// Null if the limit is reached.
  Module* module_of(const std::string& name) {
    if (!files_) files_ = module_files(*modules_);
    const auto paths = files_->find(name);
    if (paths == files_->end()) return &unknown_;
    const auto opened = opened_.find(name);
    if (opened != opened_.end()) return &opened->second;
    if (opened_.size() == kMaxModules) return nullptr;
    Module module;
    for (const fs::path& path : paths->second) {
      if (module.sources.size() == kMaxFilesOfAModule) break;
      try {
        module.sources.push_back({DebugFile(path, FileKind::module), {}});
      } catch (const Error& error) {
        module.unreadable = error.what();
      }
    }
    return &opened_.emplace(name, std::move(module)).first->second;
  }

  Source kernel_;
  std::optional<fs::path> modules_;
  std::optional<std::map<std::string, std::vector<fs::path>>> files_;
  std::map<std::string, Module> opened_;
  Module unknown_;  ///< of which there is no file
  std::size_t looked_up_ = 0;
};

Symbolizer::Symbolizer(const fs::path& vmlinux, std::optional<fs::path> modules)
    : impl_(std::make_unique<Impl>(vmlinux, std::move(modules))) {}
Symbolizer::Symbolizer(Symbolizer&&) noexcept = default;
Symbolizer& Symbolizer::operator=(Symbolizer&&) noexcept = default;
Symbolizer::~Symbolizer() = default;

std::vector<Symbolizer::Step> Symbolizer::backtrace(const StoppedProcessor& processor) {
  return impl_->backtrace(processor);
}

Resolution Symbolizer::resolve(const console::CodeLocation& location) {
  return impl_->resolve(location);
}

}  // namespace gridlock::symbols
