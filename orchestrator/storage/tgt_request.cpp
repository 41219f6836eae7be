// SPDX-License-Identifier: GPL-2.0-or-later
#include "storage/tgt_request.h"

#include <fmt/format.h>

#include <array>
#include <cstring>

#include "base/error.h"

namespace gridlock {
namespace {

/// struct tgtadm_req, in the byte order of the host.
struct Header {
  std::uint32_t mode;
  std::uint32_t operation;
  std::array<char, 64> driver;
  std::uint32_t length;  ///< of all, parameters and their final zero included
  std::int32_t target;
  std::uint64_t session;
  std::uint64_t lun;
  std::uint32_t connection;
  std::uint32_t host;
  std::uint32_t device_type;
  std::uint32_t account_direction;
  std::uint32_t pack;
  std::uint32_t force;
};
static_assert(sizeof(Header) == 120);

/// enum tgtadm_errno; the texts are tgtadm's.
constexpr std::array<const char*, 25> kErrors{
    "success",
    "unknown error",
    "out of memory",
    "can't find the driver",
    "can't find the target",
    "can't find the logical unit",
    "can't find the session",
    "can't find the connection",
    "can't find the binding",
    "this target already exists",
    "this logical unit number already exists",
    "this binding already exists",
    "this access control rule already exists",
    "this access control rule does not exist",
    "this account already exists",
    "can't find the account",
    "too many accounts",
    "invalid request",
    "this target already has an outgoing account",
    "this target is still active",
    "this logical unit is still active",
    "this driver is busy",
    "this operation isn't supported",
    "unknown parameter",
    "this device has Prevent Removal set",
};

}  // namespace

std::string encode(const TgtRequest& request) {
  Header header{};
  header.mode = static_cast<std::uint32_t>(request.mode);
  header.operation = static_cast<std::uint32_t>(request.operation);
  constexpr std::string_view kDriver = "iscsi";
  kDriver.copy(header.driver.data(), kDriver.size());
  const std::size_t parameters = request.parameters.empty() ? 0 : request.parameters.size() + 1;
  header.length = static_cast<std::uint32_t>(sizeof header + parameters);
  header.target = request.target;
  header.lun = request.lun;
  std::string bytes(sizeof header, '\0');
  std::memcpy(bytes.data(), &header, sizeof header);
  if (parameters > 0) bytes.append(request.parameters.c_str(), parameters);
  return bytes;
}

TgtAnswer decode_tgt_answer(const std::string& bytes) {
  GRIDLOCK_CHECK(bytes.size() >= kTgtAnswerBytes, "an answer's first bytes are there");
  std::array<std::uint32_t, 2> words{};
  std::memcpy(words.data(), bytes.data(), sizeof words);
  return {words[0], words[1]};
}

std::string describe_tgt_error(std::uint32_t error) {
  return error < kErrors.size() ? kErrors[error] : fmt::format("error {}", error);
}

}  // namespace gridlock
