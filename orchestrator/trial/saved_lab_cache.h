// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <stop_token>
#include <string>

#include "host/progress.h"
#include "trial/lab.h"
#include "trial/saved_lab.h"

namespace gridlock {

/// The file of a saved lab's folder that is written when it is made and touched when it is taken.
constexpr const char* kSavedLabStamp = "saved.json";

/// What a saved lab is made of besides the plan and this host: the content of its kernel and image.
struct SavedParts {
  std::string kernel_name;  ///< for people
  std::string kernel_key;   ///< the kernel's in its cache
  std::string image_key;
  std::filesystem::path kernel;  ///< bzImage, readable by the user QEMU runs as
  std::string qemu_version;
  std::filesystem::path initrd = {};  ///< for `kernel`, readable like it; empty: it has none
  std::map<NodeId, OwnKernel> own = {};  ///< nodes that run another kernel
};

/// What must be equal where one node is saved and where it is restored, as far as the plan decides:
/// kernel, image, command line, the machine down to its last device, disk size, accelerator; of the
/// plan's first node. A digest's beginning, fit for a file name.
std::string machine_key(const LabSetting& setting, const SavedParts& parts);

/// What a lab of these parts is saved from on this host.
SavedFrom made_of(const SavedParts& parts);

/// Labs and guests that were saved, each in a folder of `root` named by its key, locked while it is
/// looked for or made.
class SavedLabCache {
 public:
  SavedLabCache(std::filesystem::path root, Progress& progress, const Clock& clock)
      : root_(std::move(root)), progress_(progress), clock_(clock) {}

  /// What is wanted, and how it is made if it is not there.
  struct Wanted {
    std::string what;  ///< for people: "template patched"
    std::string key;
    Bytes room;  ///< what it may need at the most
    /// Saves into an empty folder, all but the manifest.
    std::function<SavedLab(const std::filesystem::path& folder)> make;
  };

  /// What is kept under the key, after its bytes were checked against their digests; made if it is
  /// not there, and made anew, with the reason told, if it cannot be used: it is damaged, or was
  /// saved by another QEMU or on another processor. What is of no use to
  /// this host any more, or was used by nobody for two weeks, is removed when something is made.
  /// Throws NoRoom, Cancelled, and what `make` throws.
  SavedLab get(const Wanted& wanted, const SavedParts& parts, std::stop_token stop);

 private:
  void remove_stale(const SavedFrom& here);

  std::filesystem::path root_;
  Progress& progress_;
  const Clock& clock_;
};

}  // namespace gridlock
