// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/unpack.h"

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <new>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/error.h"

namespace gridlock {
namespace {

constexpr std::size_t kPiece = 256 << 10;
constexpr const char* kDamaged = "fetch the file again; what was read is from before the damage";

/// One kind of archive, unpacked piece by piece.
class Decoder {
 public:
  virtual ~Decoder() = default;
  /// Takes from the front of `packed` and fills `out` from its front; returns how much it filled.
  /// After a problem it does nothing.
  virtual std::size_t decode(std::string_view& packed, std::span<char> out) = 0;
  /// Whether an end here is a good one: behind a member or frame.
  virtual bool is_whole() const = 0;
  virtual std::string_view format() const = 0;

  /// What is wrong with the archive, and what to do; absent if nothing is so far.
  struct Problem {
    std::string what;
    std::string hint = kDamaged;
  };
  const std::optional<Problem>& problem() const { return problem_; }

 protected:
  std::optional<Problem> problem_;
};

class GzipDecoder final : public Decoder {
 public:
  GzipDecoder() {
    constexpr int kLargestWindow = 15;
    constexpr int kGzipOnly = 16;  // zlib.h, inflateInit2()
    if (::inflateInit2(&stream_, kLargestWindow + kGzipOnly) != Z_OK) throw std::bad_alloc();
  }
  GzipDecoder(const GzipDecoder&) = delete;
  GzipDecoder& operator=(const GzipDecoder&) = delete;
  ~GzipDecoder() override { ::inflateEnd(&stream_); }

  std::size_t decode(std::string_view& packed, std::span<char> out) override {
    if (problem_ || (whole_ && !begin_member(packed))) return 0;
    // zlib does not write there, though its type would let it.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream_.avail_in = static_cast<uInt>(packed.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(out.size());
    const int status = ::inflate(&stream_, Z_SYNC_FLUSH);
    packed.remove_prefix(packed.size() - stream_.avail_in);
    whole_ = status == Z_STREAM_END;
    if (status == Z_MEM_ERROR) throw std::bad_alloc();
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
      problem_ = {fmt::format("its gzip data is corrupt ({})",
                              stream_.msg != nullptr ? stream_.msg : "of an unknown form")};
    return out.size() - stream_.avail_out;
  }

  bool is_whole() const override { return whole_; }
  std::string_view format() const override { return "gzip"; }

 private:
  /// Whether `packed`, behind a member, goes on with another. gzip itself ignores zeros there,
  /// which tapes are filled up with.
  bool begin_member(std::string_view& packed) {
    packed.remove_prefix(std::min(packed.find_first_not_of('\0'), packed.size()));
    if (packed.empty()) return false;
    if (packed.front() != '\x1f') {
      problem_ = {"its gzip data is followed by something else"};
      return false;
    }
    ::inflateReset(&stream_);
    whole_ = false;
    return true;
  }

  z_stream stream_{};
  bool whole_ = false;
};

class ZstdDecoder final : public Decoder {
 public:
  ZstdDecoder() : context_(::ZSTD_createDCtx()) {
    if (!context_) throw std::bad_alloc();
  }

  std::size_t decode(std::string_view& packed, std::span<char> out) override {
    if (problem_ || (whole_ && packed.empty())) return 0;
    ZSTD_inBuffer in{packed.data(), packed.size(), 0};
    ZSTD_outBuffer to{out.data(), out.size(), 0};
    const std::size_t status = ::ZSTD_decompressStream(context_.get(), &to, &in);
    packed.remove_prefix(in.pos);
    whole_ = status == 0;
    if (::ZSTD_isError(status)) describe(status);
    return to.pos;
  }

  bool is_whole() const override { return whole_; }
  std::string_view format() const override { return "Zstandard"; }

 private:
  void describe(std::size_t status) {
    const ZSTD_ErrorCode code = ::ZSTD_getErrorCode(status);
    if (code == ZSTD_error_memory_allocation) throw std::bad_alloc();
    if (code == ZSTD_error_frameParameter_windowTooLarge)
      problem_ = {"its Zstandard data needs a window of more than 128 MiB",
                  "unpack it with zstd -d --long=31 and pass it on standard input"};
    else
      problem_ = {fmt::format("its Zstandard data is corrupt ({})", ::ZSTD_getErrorName(status))};
  }

  struct Free {
    void operator()(ZSTD_DCtx* context) const noexcept { ::ZSTD_freeDCtx(context); }
  };
  std::unique_ptr<ZSTD_DCtx, Free> context_;
  bool whole_ = false;
};

enum class Format { undecided, plain, gzip, zstd, other };

/// Archives of other kinds would pass for consoles without findings.
struct Magic {
  std::string_view bytes;
  Format format;
  std::string_view unpacker = {};  ///< of a format that is not read here
};
constexpr Magic kMagics[] = {
    {"\x1f\x8b", Format::gzip},
    {"\x28\xb5\x2f\xfd", Format::zstd},
    {{"\xfd\x37zXZ\0", 6}, Format::other, "xz"},
    {"BZh91AY&SY", Format::other, "bzip2"},
    {"\x04\x22\x4d\x18", Format::other, "lz4"},
    {"PK\x03\x04", Format::other, "unzip"},
};
/// Zstandard's skippable frames: a byte 0x50 to 0x5f, then this. pzstd's archives begin with one.
constexpr std::string_view kSkippable = "\x2a\x4d\x18";

struct Guess {
  Format format;
  std::string_view unpacker = {};
};

/// The format of what begins with `head`; undecided while more of it could tell.
Guess guess_format(std::string_view head) {
  const auto begins = [&](std::string_view text, std::string_view magic) {
    return text.substr(0, magic.size()) == magic.substr(0, text.size());
  };
  for (const Magic& magic : kMagics) {
    if (!begins(head, magic.bytes)) continue;
    if (head.size() < magic.bytes.size()) return {Format::undecided};
    return {magic.format, magic.unpacker};
  }
  if ((head.front() & 0xf0) == 0x50 && begins(head.substr(1), kSkippable))
    return {head.size() > kSkippable.size() ? Format::zstd : Format::undecided};
  return {Format::plain};
}

class Unpacked final : public ByteSource {
 public:
  Unpacked(std::unique_ptr<ByteSource> packed, std::string name)
      : packed_(std::move(packed)), name_(std::move(name)) {}

  Piece next(Milliseconds patience) override {
    while (format_ == Format::undecided) {
      const Piece piece = packed_->next(patience);
      if (piece.kind == Piece::Kind::end) format_ = Format::plain;  // too short to be packed
      if (piece.kind == Piece::Kind::quiet || piece.kind == Piece::Kind::stopped) return piece;
      head_ += piece.bytes;
      if (piece.kind == Piece::Kind::bytes) decide();
    }
    if (decoder_) return decoded(patience);
    if (std::exchange(head_told_, true) || head_.empty()) return packed_->next(patience);
    return {Piece::Kind::bytes, head_};
  }

 private:
  void decide() {
    const Guess guess = guess_format(head_);
    format_ = guess.format;
    if (format_ == Format::other)
      throw Error(fmt::format("reading {}: it is packed with {}, which is not unpacked here", name_,
                              guess.unpacker),
                  fmt::format("unpack it with {} and pass it on standard input", guess.unpacker));
    if (format_ == Format::gzip) decoder_ = std::make_unique<GzipDecoder>();
    if (format_ == Format::zstd) decoder_ = std::make_unique<ZstdDecoder>();
    if (!decoder_) return;
    out_.resize(kPiece);
    rest_ = head_;
  }

  Piece decoded(Milliseconds patience) {
    while (true) {
      if (const auto& problem = decoder_->problem())
        throw Error(fmt::format("reading {}: {}", name_, problem->what), problem->hint);
      // A full buffer may have left something inside the decoder.
      if (!rest_.empty() || full_) {
        const std::size_t got = decoder_->decode(rest_, out_);
        full_ = got == out_.size();
        if (got > 0) return {Piece::Kind::bytes, {out_.data(), got}};
        continue;
      }
      const Piece piece = packed_->next(patience);
      if (piece.kind == Piece::Kind::end && !decoder_->is_whole())
        throw Error(fmt::format("reading {}: its {} data is cut: the end is missing", name_,
                                decoder_->format()),
                    kDamaged);
      if (piece.kind != Piece::Kind::bytes) return piece;
      rest_ = piece.bytes;
    }
  }

  std::unique_ptr<ByteSource> packed_;
  std::string name_;
  Format format_ = Format::undecided;
  std::string head_;  // what was read to tell the format
  bool head_told_ = false;
  std::unique_ptr<Decoder> decoder_;
  std::string_view rest_;  // of the packed bytes, not decoded yet
  std::vector<char> out_;
  bool full_ = false;
};

}  // namespace

std::unique_ptr<ByteSource> unpacked(std::unique_ptr<ByteSource> packed, std::string name) {
  return std::make_unique<Unpacked>(std::move(packed), std::move(name));
}

}  // namespace gridlock
