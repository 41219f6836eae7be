// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "host/command_runner.h"
#include "image/apt_sources.h"
#include "image/package_tree.h"
#include "image/recipe.h"
#include "support/temp_dir.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(AptSources, TakesTheReleaseItsUpdatesAndSecurityFromDeb822) {
  const std::string text =
      "# mirror\nTypes: deb deb-src\nURIs: http://mirror.example/debian\n"
      "Suites: bookworm bookworm-updates bookworm-backports\nComponents: main contrib\n"
      "Signed-By: /usr/share/keyrings/a.gpg\n\n"
      "Types: deb\nURIs: http://other.example\nSuites: nodistro\nComponents: main\n";
  EXPECT_EQ(select_sources({{"debian.sources", text}}, "bookworm"),
            "Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm bookworm-updates\n"
            "Components: main\nSigned-By: /usr/share/keyrings/a.gpg\n");
}

TEST(AptSources, TakesOneLineEntriesWithTheirOptions) {
  const std::string text =
      "deb cdrom:[Debian]/ bookworm main\n"
      "deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian bookworm main # own\n"
      "# deb http://off.example bookworm main\n"
      "deb-src http://mirror.example/debian bookworm main\n"
      "deb http://third.example bookworm stable\n";
  EXPECT_EQ(select_sources({{"sources.list", text}}, "bookworm"),
            "Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm\nComponents: main\n"
            "Signed-By: /k.gpg\n");
}

TEST(AptSources, KeepsAnEmbeddedKeyAndLeavesOutWhatIsDisabled) {
  const std::string text =
      "Types: deb\nURIs: http://a.example\nSuites: bookworm\nComponents: main\n"
      "Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n\n"
      "Enabled: no\nTypes: deb\nURIs: http://b.example\nSuites: bookworm\nComponents: main\n";
  const std::string out = select_sources({{"x.sources", text}}, "bookworm");
  EXPECT_THAT(out, HasSubstr("Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n"));
  EXPECT_THAT(out, Not(HasSubstr("b.example")));
}

TEST(AptSources, AreEmptyWithoutAnEntryForTheRelease) {
  EXPECT_THAT(select_sources({{"sources.list", "deb http://m.example trixie main\n"}}, "bookworm"),
              IsEmpty());
}

TEST(AptSources, CodenameComesFromOsRelease) {
  EXPECT_EQ(codename_of("NAME=x\nVERSION_CODENAME=bookworm\n"), "bookworm");
  EXPECT_EQ(codename_of("VERSION_CODENAME=\"trixie\"\n"), "trixie");
  EXPECT_FALSE(codename_of("NAME=x\nVERSION_CODENAME=\n"));
}

TEST(AptSources, OptionsAreProxiesAndChecksOnly) {
  EXPECT_EQ(select_apt_options("Dir::State \"x\";\nAcquire::http::Proxy \"p\";\n"
                               "Acquire::Check-Valid-Until \"false\";\nAcquire::Languages \"en\";\n"
                               "DPkg::Post-Invoke:: \"evil\";\nAcquire::Retries \"3\";\n"),
            "Acquire::http::Proxy \"p\";\nAcquire::Check-Valid-Until \"false\";\n"
            "Acquire::Retries \"3\";\n");
}

TEST(PackageTree, ReadsVersionsFromArchiveNames) {
  const Json packages = packages_from_archives(
      "busybox-static_1%3a1.35.0-4_amd64.deb\nlibx_2.0-1_all.deb\nlock\npartial\nodd.deb\n");
  EXPECT_EQ(packages, (Json{{"busybox-static", "1:1.35.0-4"}, {"libx", "2.0-1"}}));
}

TEST(PackageTree, GivesHintsForWhatUsuallyGoesWrong) {
  EXPECT_THAT(unpacking_hint("E: Unable to locate package corosync"), HasSubstr("lacks a package"));
  EXPECT_THAT(unpacking_hint("Could not resolve 'm.example'"), HasSubstr("apt-get update"));
  EXPECT_THAT(unpacking_hint("write: No space left on device"), HasSubstr("free some space"));
  EXPECT_THAT(unpacking_hint("something else"), IsEmpty());
}

class RecipeTest : public testing::Test {
 protected:
  void write(const fs::path& path, const std::string& text) {
    fs::create_directories((temp_.path() / path).parent_path());
    std::ofstream(temp_.path() / path) << text;
  }
  std::string read(const fs::path& path) {
    std::ifstream file(temp_.path() / path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  TempDir temp_;
};

TEST_F(RecipeTest, ReadsListsWithoutCommentsAndBlanks) {
  write("packages", "# what\nfio\n\n corosync # cluster\n");
  write("remove", "usr/share\nusr/lib/libperl*\n");
  write("folders", "mnt/shared\n");
  const Recipe recipe = read_recipe(temp_.path());
  EXPECT_THAT(recipe.packages, ElementsAre("fio", "corosync"));
  EXPECT_THAT(recipe.remove, ElementsAre("usr/share", "usr/lib/libperl*"));
}

TEST_F(RecipeTest, RefusesPathsThatLeaveTheRootNamingFileAndLine) {
  write("packages", "fio\n");
  write("folders", "");
  for (const char* path : {"../etc", "/etc", "usr/../../etc", "usr/*/x"}) {
    write("remove", "usr/share\n" + std::string(path) + "\n");
    try {
      read_recipe(temp_.path());
      ADD_FAILURE() << path << " was taken";
    } catch (const HostError& error) {
      EXPECT_THAT(error.what(), HasSubstr("remove:2: cannot be used"));
    }
  }
}

TEST_F(RecipeTest, RefusesAPackageThatIsAnOption) {
  write("remove", "");
  write("folders", "");
  write("packages", "fio,--hook=x\n");
  EXPECT_THROW(read_recipe(temp_.path()), HostError);
}

TEST_F(RecipeTest, TheRecipeOfThisRepositoryCanBeRead) {
  const Recipe recipe = read_recipe(fs::path(GRIDLOCK_SOURCE_DIR) / "images/rootfs");
  EXPECT_THAT(recipe.packages, testing::Contains("corosync"));
  EXPECT_TRUE(fs::is_directory(recipe.files));
}

TEST_F(RecipeTest, RemovesWhatPatternsNameAndNothingElse) {
  for (const char* file :
       {"root/usr/lib/libperl.so.5", "root/usr/lib/libpath.so", "root/usr/share/a/b"})
    write(file, "x");
  remove_matching(temp_.path() / "root", {"usr/lib/libperl*", "usr/share", "not/there"});
  EXPECT_FALSE(fs::exists(temp_.path() / "root/usr/lib/libperl.so.5"));
  EXPECT_FALSE(fs::exists(temp_.path() / "root/usr/share"));
  EXPECT_TRUE(fs::exists(temp_.path() / "root/usr/lib/libpath.so"));
}

TEST_F(RecipeTest, RemovesALinkAndNotWhatItPointsTo) {
  write("outside/precious", "x");
  fs::create_directories(temp_.path() / "root/usr");
  fs::create_directory_symlink(temp_.path() / "outside", temp_.path() / "root/usr/share");
  remove_matching(temp_.path() / "root", {"usr/share"});
  EXPECT_TRUE(fs::exists(temp_.path() / "outside/precious"));
  EXPECT_FALSE(fs::is_symlink(temp_.path() / "root/usr/share"));
}

TEST_F(RecipeTest, LaysFilesOverATreeWithoutChangingWhatItSharesWithTheCache) {
  write("cached/etc/passwd", "from the package");
  write("files/etc/passwd", "ours");
  fs::create_directories(temp_.path() / "files/bin");
  fs::create_symlink("busybox", temp_.path() / "files/bin/sh");
  fs::create_directory(temp_.path() / "root");
  lay_over(temp_.path() / "cached", temp_.path() / "root", Transfer::share);
  lay_over(temp_.path() / "files", temp_.path() / "root", Transfer::copy);
  EXPECT_EQ(read("root/etc/passwd"), "ours");
  EXPECT_EQ(read("cached/etc/passwd"), "from the package");
  EXPECT_EQ(fs::read_symlink(temp_.path() / "root/bin/sh"), "busybox");
}

TEST_F(RecipeTest, DigestSeesContentsNamesLinksAndExecutability) {
  write("a/file", "one");
  const std::string first = digest_of_tree(temp_.path() / "a");
  EXPECT_EQ(digest_of_tree(temp_.path() / "a"), first);
  fs::permissions(temp_.path() / "a/file", fs::perms(0640));
  EXPECT_EQ(digest_of_tree(temp_.path() / "a"), first) << "an umask makes no other image";
  fs::permissions(temp_.path() / "a/file", fs::perms(0755));
  EXPECT_NE(digest_of_tree(temp_.path() / "a"), first);
  fs::permissions(temp_.path() / "a/file", fs::perms(0644));
  write("a/file", "two");
  EXPECT_NE(digest_of_tree(temp_.path() / "a"), first);
  write("a/file", "one");
  fs::create_symlink("file", temp_.path() / "a/link");
  EXPECT_NE(digest_of_tree(temp_.path() / "a"), first);
}

}  // namespace
}  // namespace gridlock
