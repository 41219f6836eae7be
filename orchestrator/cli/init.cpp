// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "base/text.h"
#include "cli/questions.h"
#include "cli/verbs.h"
#include "host/files.h"
#include "plan/plan.h"
#include "topology/keys.h"
#include "topology/patch_range.h"
#include "topology/starter.h"
#include "topology/topology.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;

const Key& row(const KeyTable& table, std::string_view name) {
  return *std::ranges::find(table.keys, name, &Key::name);
}

std::string or_words(const KeyTable& table, std::string_view key) {
  return join(split(row(table, key).words, ' '), "|");
}

struct InitChoice {
  std::string file = "lab.yaml";
  std::string name;
  std::string package;
  std::string tree;
  std::string git;
  std::string ref;
  std::vector<std::string> patches;
  int nodes = 2;
  std::string filesystem = std::string(row(kFilesystemKeys, "type").fallback);
  std::string transport = std::string(row(kDiskKeys, "transport").fallback);
  bool force = false;
  std::vector<const CLI::Option*> answers;  ///< the options that answer a question

  bool to_standard_output() const { return file == "-"; }
};

/// Whether what a person calls a patch is commits of a git repository.
bool is_commits(const InitChoice& choice, const std::string& patch) {
  std::error_code error;
  return !choice.git.empty() && patch.find("..") != std::string::npos && !fs::exists(patch, error);
}

/// A path that was typed here, as it is written in the topology: relative to its folder, so that
/// both can move together, unless it was absolute. A plain name that is not here is one of
/// Gridlock's own.
std::string as_written(const std::string& path, const InitChoice& choice) {
  if (fs::path(path).is_absolute() || choice.to_standard_output()) return path;
  const fs::path folder = fs::absolute(choice.file).lexically_normal().parent_path();
  const std::string relative =
      fs::absolute(path).lexically_normal().lexically_relative(folder).string();
  return is_range(relative) ? "./" + relative : relative;
}

void require_there(const std::string& path, const std::string& what) {
  std::error_code error;
  if (!fs::exists(path, error))
    throw UsageError(fmt::format("{} {} is not there", what, printable(path, 200)),
                     "paths on the command line are relative to the current folder");
}

void ask(InitChoice& choice, Questions& questions) {
  std::fputs("An empty answer takes what is in brackets.\n", stderr);
  const std::string kind =
      questions.choose("Where is the kernel's source?", {"package", "tree", "git"}, "package");
  if (kind == "package") {
    choice.package = questions.ask("Which Debian package", "linux-source-6.1");
  } else if (kind == "tree") {
    choice.tree = questions.ask("The top folder of the source tree", "linux");
  } else {
    choice.git = questions.ask("The git repository, or a checkout of it", "linux");
    choice.ref = questions.ask("Which branch, tag or commit is the unpatched kernel", "HEAD");
  }
  for (std::string patch;
       !(patch = questions.ask(choice.patches.empty()
                                   ? "Your patch: a file, a mailbox, a quilt folder (empty: none)"
                                   : "Another one (empty: no more)",
                               ""))
            .empty();)
    choice.patches.push_back(patch);
  const Key& count = row(kNodesKeys, "count");
  choice.nodes = questions.number("How many nodes", static_cast<int>(count.low),
                                  static_cast<int>(count.high), choice.nodes);
  choice.filesystem = questions.choose(
      "Which file system", split(row(kFilesystemKeys, "type").words, ' '), choice.filesystem);
  choice.transport =
      questions.choose("How does the disk reach the nodes",
                       split(row(kDiskKeys, "transport").words, ' '), choice.transport);
}

Starter starter_of(const InitChoice& choice) {
  Starter starter;
  starter.name = choice.name;
  if (starter.name.empty())
    starter.name = choice.to_standard_output() ? "lab" : fs::path(choice.file).stem().string();
  if (!choice.tree.empty()) {
    require_there(choice.tree, "the source tree");
    starter.source = StarterSource::dir;
    starter.from = as_written(choice.tree, choice);
  } else if (!choice.git.empty()) {
    require_there(choice.git, "the git repository");
    starter.source = StarterSource::git;
    starter.from = as_written(choice.git, choice);
    starter.ref = choice.ref;
  } else if (!choice.package.empty()) {
    starter.from = choice.package;
  }
  for (const std::string& patch : choice.patches) {
    const bool commits = is_commits(choice, patch);
    if (!commits) require_there(patch, "the patch");
    starter.patches.push_back(commits ? patch : as_written(patch, choice));
  }
  starter.nodes = choice.nodes;
  starter.filesystem = choice.filesystem;
  starter.transport = choice.transport;
  return starter;
}

/// The topology, which passes `check` here. Throws UsageError if these answers do not go together.
std::string checked_topology(const InitChoice& choice, const Context& context) {
  const std::string text = starter_topology(starter_of(choice));
  const fs::path file = choice.to_standard_output() ? fs::path("lab.yaml") : fs::path(choice.file);
  const Topology topology = read_topology(text, file);
  if (!context.home.empty()) static_cast<void>(make_plan(topology, {}, context.host_facts()));
  return text;
}

void write(const InitChoice& choice, const std::string& text, const Context& context) {
  if (choice.to_standard_output()) {
    std::fputs(text.c_str(), stdout);
    return;
  }
  write_file_atomically(choice.file, text);
  if (!context.quiet)
    std::printf("%s: written; try it with 'gridlock plan %s', then 'gridlock run %s'\n",
                choice.file.c_str(), choice.file.c_str(), choice.file.c_str());
}

/// Never over a file that is there.
void require_free(const InitChoice& choice) {
  std::error_code error;
  if (choice.to_standard_output() || choice.force ||
      fs::symlink_status(choice.file, error).type() == fs::file_type::not_found)
    return;
  throw UsageError(choice.file + " is there already; nothing was written",
                   "name another file, or write over it with --force");
}

void add_options(CLI::App& verb, InitChoice& choice) {
  verb.add_option("FILE", choice.file, "The file to write; '-' is standard output")
      ->type_name("TOPOLOGY")
      ->capture_default_str();
  const auto answer = [&](CLI::Option* option) {
    choice.answers.push_back(option);
    return option;
  };
  answer(verb.add_option("--name", choice.name, "What the lab is called; default: as the file"))
      ->type_name("NAME");
  auto* const package = answer(verb.add_option("--kernel-package", choice.package,
                                               "A Debian package with a kernel's source"));
  package->type_name("NAME");
  auto* const tree =
      answer(verb.add_option("--kernel-tree", choice.tree, "The top folder of a kernel's source"));
  tree->type_name("DIR")->excludes(package);
  auto* const git = answer(verb.add_option("--kernel-git", choice.git,
                                           "A git repository of a kernel, or a checkout of one"));
  git->type_name("DIR")->excludes(package)->excludes(tree);
  answer(verb.add_option("--ref", choice.ref, "Which commit of it is the unpatched kernel"))
      ->type_name("REF")
      ->needs(git);
  answer(
      verb.add_option("--patch", choice.patches,
                      "What is judged: a patch, a mailbox, a quilt folder, or commits A..B of the "
                      "git repository; may be repeated"))
      ->type_name("FILE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  const Key& count = row(kNodesKeys, "count");
  answer(verb.add_option("--nodes", choice.nodes, "How many nodes"))
      ->type_name("N")
      ->check(CLI::Range(static_cast<int>(count.low), static_cast<int>(count.high)))
      ->capture_default_str();
  const auto one_of = [&](const char* name, std::string& value, const KeyTable& table,
                          std::string_view key) {
    answer(verb.add_option(name, value, std::string(row(table, key).meaning)))
        ->type_name(or_words(table, key))
        ->check(CLI::IsMember(split(row(table, key).words, ' ')))
        ->capture_default_str();
  };
  one_of("--filesystem", choice.filesystem, kFilesystemKeys, "type");
  one_of("--transport", choice.transport, kDiskKeys, "transport");
  verb.add_flag("--force", choice.force, "Write over a file that is there");
}

}  // namespace

void add_init(CLI::App& app, Context& context, int* exit_code) {
  auto* const verb = app.add_subcommand(
      "init", "Write a topology to begin with: your kernel, and your patch on it");
  auto choice = std::make_shared<InitChoice>();
  add_options(*verb, *choice);
  verb->footer(
      "Asks for what it needs at a terminal, unless one of these options answers:\n"
      "  gridlock init\n"
      "  gridlock init lab.yaml --kernel-git ~/linux --ref v6.6 --patch my-fix.mbox --nodes 3");
  verb->callback([choice, &context, exit_code] {
    require_free(*choice);
    const bool answered = std::ranges::any_of(
        choice->answers, [](const CLI::Option* option) { return option->count() > 0; });
    if (!answered && ::isatty(STDIN_FILENO) != 0) {
      Questions questions(context.stop);
      ask(*choice, questions);
    }
    write(*choice, checked_topology(*choice, context), context);
    *exit_code = 0;
  });
}

}  // namespace gridlock
