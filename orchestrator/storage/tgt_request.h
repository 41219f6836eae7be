// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string>

namespace gridlock {

/// One request to tgtd's management socket. Source: usr/tgtadm.h, usr/mgmt.c and usr/tgtadm.c of
/// tgt 1.0.85; its layout has not changed since 1.0.24. Gridlock speaks it itself because tgtadm
/// takes a secret as an argument, where everybody on the host can read it.
struct TgtRequest {
  enum class Mode : std::uint32_t {
    system,
    target,
    device,
    portal,
    driver,
    session,
    connection,
    account
  };
  enum class Operation : std::uint32_t { make, remove, show, bind, unbind, update };

  Mode mode = Mode::system;
  Operation operation = Operation::show;
  std::int32_t target = 0;  ///< its number
  std::uint64_t lun = 0;
  std::string parameters = {};  ///< "key=value,key=value"
};

/// The bytes of a request, for the driver "iscsi".
std::string encode(const TgtRequest& request);

/// What tgtd answers first: an error of its own, and how many bytes the answer has in all.
struct TgtAnswer {
  std::uint32_t error = 0;
  std::uint32_t length = 0;
};
constexpr std::size_t kTgtAnswerBytes = 8;

/// Reads the first kTgtAnswerBytes of an answer.
TgtAnswer decode_tgt_answer(const std::string& bytes);

/// tgtd's error in words.
std::string describe_tgt_error(std::uint32_t error);

}  // namespace gridlock
