// SPDX-License-Identifier: GPL-2.0-or-later
#include "workload/node_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <system_error>

#include "agent/wire.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void cannot(const fs::path& file, const std::string& why,
                         const std::string& hint = {}) {
  throw Error(fmt::format("putting {} on the nodes: {}", file.string(), why), hint);
}

class Lister {
 public:
  void add(const fs::path& from, const std::string& to) {
    if (++entries_ > NodeFiles::kMostEntries)
      cannot(from, fmt::format("more than {} files and folders", NodeFiles::kMostEntries));
    std::error_code error;
    const fs::file_status status = fs::symlink_status(from, error);
    if (status.type() == fs::file_type::symlink)
      cannot(from, "it is a symbolic link", "name the file it points to, or put a copy there");
    if (status.type() == fs::file_type::directory) return add_folder(from, to);
    if (status.type() == fs::file_type::not_found) cannot(from, "it is not there");
    if (error) cannot(from, error.message());
    if (status.type() != fs::file_type::regular) cannot(from, "it is neither a file nor a folder");
    const Bytes size{fs::file_size(from, error)};
    if (error) cannot(from, error.message());
    total_.count += size.count;
    if (total_ > NodeFiles::kMost)
      cannot(from, "all files together are above " + to_string(NodeFiles::kMost),
             "put large data on the shared file system with a prepare command");
    found_.files.push_back(
        {from, to, static_cast<int>(status.permissions() & fs::perms::mask), size});
  }

  NodeFiles take() {
    std::sort(found_.files.begin(), found_.files.end(),
              [](const NodeFile& a, const NodeFile& b) { return a.to < b.to; });
    return std::move(found_);
  }

 private:
  void add_folder(const fs::path& from, const std::string& to) {
    std::error_code error;
    bool empty = true;
    for (fs::directory_iterator it(from, error), end; !error && it != end; it.increment(error)) {
      empty = false;
      const fs::path name = it->path().filename();
      add(it->path(), to + (to.ends_with('/') ? "" : "/") + name.string());
    }
    if (error) cannot(from, error.message());
    if (empty) found_.empty_folders.push_back(to);
  }

  NodeFiles found_;
  Bytes total_;
  std::size_t entries_ = 0;
};

/// Puts all files on one node, one piece after another. Lives as long as an answer may come.
class Sender : public std::enable_shared_from_this<Sender> {
 public:
  Sender(const Crew::Member& member, const std::vector<NodeFile>& files)
      : member_(member), files_(files) {}

  /// Reads and sends the next piece.
  void send_next() {
    if (given_up_ || done_ || !problem_.empty()) return;
    if (at_ == files_.size()) return void(done_ = true);
    const NodeFile& file = files_[at_];
    const std::uint64_t left = file.size.count - sent_;
    std::string piece(std::min<std::uint64_t>(left, wire::kGetLimit), '\0');
    if (sent_ == 0) input_ = std::ifstream(file.from, std::ios::binary);
    if (!input_.read(piece.data(), static_cast<std::streamsize>(piece.size())))
      return void(problem_ = file.from.string() + " cannot be read, or became shorter");
    const bool first = sent_ == 0;
    sent_ += piece.size();
    const auto answer = [self = shared_from_this()](const Reply& reply) { self->answered(reply); };
    first ? member_.agent->put(file.to, piece, file.mode, answer)
          : member_.agent->append(file.to, piece, file.mode, answer);
  }

  bool ended() const { return done_ || !problem_.empty(); }
  const std::string& problem() const { return problem_; }
  const std::string& name() const { return member_.name; }
  void give_up() { given_up_ = true; }

 private:
  void answered(const Reply& reply) {
    if (given_up_) return;
    const NodeFile& file = files_[at_];
    if (!reply.ok()) return void(problem_ = file.to + ": " + reply.error);
    if (sent_ == file.size.count) {
      ++at_;
      sent_ = 0;
    }
    send_next();
  }

  const Crew::Member& member_;
  const std::vector<NodeFile>& files_;
  std::size_t at_ = 0;
  std::uint64_t sent_ = 0;  // of the file at_
  std::ifstream input_;
  bool done_ = false;
  bool given_up_ = false;
  std::string problem_;
};

/// One for every node. What is answered when they are gone finds neither crew nor files.
struct Senders {
  Senders() = default;
  Senders(const Senders&) = delete;
  Senders& operator=(const Senders&) = delete;
  ~Senders() {
    for (const auto& sender : all) sender->give_up();
  }
  std::vector<std::shared_ptr<Sender>> all;
};

}  // namespace

NodeFiles list_node_files(const std::vector<ExecSpec::File>& files) {
  Lister lister;
  for (const ExecSpec::File& file : files) lister.add(file.from, file.to);
  return lister.take();
}

void put_files(const Crew& crew, const std::vector<NodeFile>& files, Milliseconds limit,
               std::stop_token stop) {
  if (files.empty()) return;
  Senders senders;
  for (const Crew::Member& member : crew.members())
    senders.all.push_back(std::make_shared<Sender>(member, files));
  for (const auto& sender : senders.all) sender->send_next();
  const auto ended = [](const auto& sender) { return sender->ended(); };
  crew.wait(
      "the files on the nodes",
      [&] { return std::all_of(senders.all.begin(), senders.all.end(), ended); }, limit, stop);
  for (const auto& sender : senders.all)
    if (!sender->problem().empty())
      throw BarrierFailed(
          fmt::format("putting files on {}: {}", sender->name(), sender->problem()));
}

}  // namespace gridlock
