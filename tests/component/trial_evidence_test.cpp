// SPDX-License-Identifier: GPL-2.0-or-later
// What a look at a lab leaves, and who reads it again.
#include <gtest/gtest.h>

#include "host/files.h"
#include "support/temp_dir.h"
#include "trial/take_evidence.h"

namespace gridlock {
namespace {

TEST(KeptFiles, HaveTheNamesOfEveryDiagnosisOfATrial) {
  const test_support::TempDir folder;
  const auto keep_in = [&](const std::string& finding) {
    return [&folder, finding](const std::filesystem::path& name, std::string_view bytes) {
      make_directories(folder.path() / finding);
      write_file_atomically(folder.path() / finding / name, bytes);
    };
  };
  diagnosis::Diagnosis diagnosis;
  keep_diagnosis(diagnosis, {}, keep_in("f1"));
  diagnosis.files = {{4242, "abba/node1.data"}};
  keep_diagnosis(diagnosis, {}, keep_in("f2"));
  diagnosis.files = {{77, "a name with blanks"}};
  keep_diagnosis(diagnosis, {}, keep_in("f3"));
  const std::map<std::uint64_t, std::string> all{{77, "a name with blanks"},
                                                 {4242, "abba/node1.data"}};
  EXPECT_EQ(kept_files(folder.path()).names, all);
  EXPECT_TRUE(kept_files(folder.path() / "none").names.empty());
}

}  // namespace
}  // namespace gridlock
