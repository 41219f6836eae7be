// SPDX-License-Identifier: GPL-2.0-or-later
// A kernel's source that builds in a moment, and what building it needs.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <mutex>
#include <string>
#include <vector>

#include "host/files.h"
#include "kernel/builder.h"

namespace gridlock {

namespace fs = std::filesystem;

/// Like kbuild as far as the builder sees it: allnoconfig keeps the symbols that `Kconfig` lists,
/// objects print a line and leave a .cmd file, and bzImage holds all of them.
inline constexpr const char* kMakefile = R"(VERSION = 6
PATCHLEVEL = 1
SUBLEVEL = 0
OBJECTS := one.o two.o three.o
STUCK := @TEMP@
bzImage: vmlinux
	@mkdir -p arch/x86/boot
	@cp vmlinux arch/x86/boot/bzImage
vmlinux: prepare $(OBJECTS)
	@cat include/config/kernel.release $(OBJECTS) > vmlinux
	@echo map > System.map
prepare:
	@mkdir -p include/config
	@echo '6.1.0$(LOCALVERSION)' > include/config/kernel.release
allnoconfig:
	@echo '# made by a test' > .config
	@for s in $$(sed -n 's/^config /CONFIG_/p' Kconfig); do grep "^$$s=" $(KCONFIG_ALLCONFIG) >> .config || echo "# $$s is not set" >> .config; done
modules: vmlinux
	@echo built > two.ko
modules_install:
	@mkdir -p $(INSTALL_MOD_PATH)/lib/modules/6.1.0$(LOCALVERSION)
	@cp two.ko $(INSTALL_MOD_PATH)/lib/modules/6.1.0$(LOCALVERSION)/
	@ln -s $(CURDIR) $(INSTALL_MOD_PATH)/lib/modules/6.1.0$(LOCALVERSION)/build
%.o: %.c
	@echo '  CC      $@'
	@if test -e $(STUCK)/hang -a $< = two.c; then echo half > $@; : > $(STUCK)/hanging; \
	  while test -e $(STUCK)/hang; do sleep 0.1; done; exit 1; fi
	@$(CC) -g $(KCFLAGS) -c -o $@ $<
	@echo 'cmd_$@ := x' > .$@.cmd
.PRECIOUS: %.o
.PHONY: bzImage prepare allnoconfig modules modules_install
)";

inline constexpr const char* kPatchTwo = R"(--- a/two.c
+++ b/two.c
@@ -1,3 +1,3 @@
 /* second */
-const char two[] = "two-plain";
+const char two[] = "two-patched";
 /* end */
)";

class Notes final : public Progress {
 public:
  void begin(const std::string&) override {}
  void advance(const std::string&, int, int, const std::string&) override {}
  void end(const std::string&, const std::string& outcome) override { keep(outcome); }
  void note(const std::string& text) override { keep(text); }
  std::vector<std::string> all() const {
    const std::lock_guard lock(mutex_);
    return notes_;
  }

 private:
  void keep(const std::string& text) {
    const std::lock_guard lock(mutex_);
    notes_.push_back(text);
  }
  mutable std::mutex mutex_;  ///< guards notes_
  std::vector<std::string> notes_;
};

class Kernel : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* const program : {"make", "gcc", "ld", "patch"})
      if (!find_program(program)) GTEST_SKIP() << program << " is not installed";
    std::string makefile = kMakefile;
    makefile.replace(makefile.find("@TEMP@"), 6, temp_.path().string());
    write("source/Makefile", makefile);
    write("source/Kconfig", "config ONE\nconfig TWO\n");
    write("source/other/Kconfig.other", "menuconfig THREE\n\tbool\n");
    write("source/one.c", "const char one[] = \"one-plain\";\n");
    write("source/two.c", "/* second */\nconst char two[] = \"two-plain\";\n/* end */\n");
    write("source/three.c", "const char three[] = \"three-plain\";\n");
    write("base.config", "CONFIG_ONE=y\n");
    kernel_.name = "patched";
    kernel_.source.dir = temp_.path() / "source";
    kernel_.config = {{"base", temp_.path() / "base.config"}};
  }

  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((temp_.path() / name).parent_path());
    std::ofstream(temp_.path() / name) << text;
  }

  PlannedKernel with_patch(const std::string& text, const std::string& name = "fix.patch") const {
    write(name, text);
    PlannedKernel kernel = kernel_;
    kernel.name = "unpatched";
    kernel.patches.push_back({name, temp_.path() / name});
    return kernel;
  }

  BuiltKernel build(const PlannedKernel& kernel) {
    return build_kernel(kernel, cache_, *runner_, notes_, {});
  }

  std::string failure(const PlannedKernel& kernel) {
    try {
      build(kernel);
    } catch (const HostError& error) {
      return error.what() + std::string("\n") + error.hint();
    }
    return "it was built";
  }

  static std::string image(const BuiltKernel& kernel) {
    return read_file(kernel.image, Bytes::mib(1));
  }

  fs::path workspace() const {
    for (const fs::directory_entry& entry : fs::directory_iterator(cache_ / "kernels" / "work"))
      if (entry.is_directory()) return entry.path();
    ADD_FAILURE() << "there is no workspace";
    return {};
  }

  TempDir temp_{fs::temp_directory_path(), "gridlock-kernel-"};
  fs::path cache_ = temp_.path() / "cache";
  std::unique_ptr<CommandRunner> runner_ = make_command_runner();
  Notes notes_;
  PlannedKernel kernel_;
};

}  // namespace gridlock
