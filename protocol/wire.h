// Canonical bytes from a field list, and back. Rules: SPEC.md §2 "Canonical bytes".
//
// A structure has one `serialize` that names its fields in order; cereal walks it, these two archives write and read the
// bytes. cereal's own binary archives never see bytes from outside: they allocate what a length claims.
//   integers   unsigned LEB128 in its shortest form; signed ones zigzag first
//   bool       0 or 1            enum   its number, checked against the last known where the structure says so
//   fixed      the bytes themselves (keys, hashes)
//   text       length, UTF-8     bytes  length, bytes
//   list       count, items      set    the same, strictly ascending
//   optional   0, or 1 and the value
// Nothing may follow the last field.
#pragma once

#include <cereal/cereal.hpp>
#include <concepts>
#include <limits>
#include <optional>
#include <type_traits>

#include "kiz/bytes.h"
#include "kiz/ids.h"
#include "kiz/result.h"
#include "kiz/timestamp.h"
#include "kiz/value.h"

namespace kiz::wire {

/// Leaves a decoder that met wrong bytes; caught in decode() alone, never seen outside.
struct Refused {
  Errc code;
  const char* what;
};

/// True for well-formed UTF-8 without overlong forms and surrogates. NUL is refused: no text of ours holds one.
bool is_text(std::string_view in);

// ---- how a field list bounds its containers ------------------------------------------------------------------------

template <class C>
struct List {
  C& items;
  std::size_t max;
  std::size_t item_bytes_min;  // at least so many encoded bytes per item: bounds memory before allocating
};
template <class C>
struct SortedSet {
  C& items;
  std::size_t max;
  std::size_t item_bytes_min;
};
template <class S>
struct Text {
  S& text;
  std::size_t max;  // bytes
};
template <class B>
struct Blob {
  B& bytes;
  std::size_t max;  // bytes
};
template <class E>
struct Enum {
  E& value;
  std::uint64_t last;  // highest number that this version knows
};

template <class C>
List<C> list(C& items, std::size_t max, std::size_t item_bytes_min = 1) { return {items, max, item_bytes_min}; }
template <class C>
SortedSet<C> sorted_set(C& items, std::size_t max, std::size_t item_bytes_min = 1) { return {items, max, item_bytes_min}; }
template <class S>
Text<S> text(S& t, std::size_t max) { return {t, max}; }
template <class B>
Blob<B> blob(B& b, std::size_t max) { return {b, max}; }
template <class E>
Enum<E> known(E& e, E last) { return {e, static_cast<std::uint64_t>(last)}; }

// ---- numbers and values where they lie -----------------------------------------------------------------------------

inline constexpr std::size_t varint_bytes_max = 10;
/// Writes the shortest form to `out`, which has room for varint_bytes_max; says how many bytes it took.
inline std::size_t put_varint(std::uint64_t v, std::uint8_t* out) {
  std::size_t n = 0;
  for (; v >= 0x80; v >>= 7) out[n++] = static_cast<std::uint8_t>(v | 0x80);
  out[n++] = static_cast<std::uint8_t>(v);
  return n;
}

/// The canonical bytes of a value in two pieces: what stands before its content, and the content where it lies.
class ValueBytes {
 public:
  explicit ValueBytes(const Value& value);  // must outlive this
  ByteView head() const { return {head_, head_size_}; }
  ByteView content() const { return content_; }

 private:
  std::uint8_t head_[1 + varint_bytes_max];
  std::size_t head_size_ = 0;
  ByteView content_;
};

// ---- the archives --------------------------------------------------------------------------------------------------

class Writer : public cereal::OutputArchive<Writer, cereal::AllowEmptyClassElision> {
 public:
  Writer() : OutputArchive(this) {}

  /// Room for that many bytes at once, where about that many will come.
  void reserve(std::size_t bytes) { out_.reserve(bytes); }
  void varint(std::uint64_t v) {
    if (v < 0x80) {
      out_.push_back(static_cast<std::uint8_t>(v));
      return;
    }
    std::uint8_t digits[varint_bytes_max];
    raw({digits, put_varint(v, digits)});
  }
  void raw(ByteView in) { out_.insert(out_.end(), in.begin(), in.end()); }
  const Bytes& bytes() const { return out_; }
  Bytes take() { return std::move(out_); }

 private:
  Bytes out_;
};

class Reader : public cereal::InputArchive<Reader, cereal::AllowEmptyClassElision> {
 public:
  /// `in` must outlive the reader.
  explicit Reader(ByteView in) : InputArchive(this), at_(in.data()), end_(in.data() + in.size()) {}

  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  std::uint64_t varint() {
    if (at_ != end_ && *at_ < 0x80) return *at_++;  // nearly every number
    return long_varint();
  }
  ByteView raw(std::size_t n) {
    if (n > left()) throw Refused{Errc::malformed, "cut short"};
    const ByteView out{at_, n};
    at_ += n;
    return out;
  }
  /// A count or length: refused before anything is allocated when it exceeds `max` or cannot fit in what is left.
  std::size_t count(std::size_t max, std::size_t item_bytes_min) {
    const std::uint64_t n = varint();
    if (n > max) throw Refused{Errc::over_limit, "count"};
    if (n > left() / std::max<std::size_t>(item_bytes_min, 1)) throw Refused{Errc::malformed, "count"};
    return static_cast<std::size_t>(n);
  }

 private:
  std::uint64_t long_varint();

  const std::uint8_t* at_;
  const std::uint8_t* end_;
};

// ---- what cereal calls ---------------------------------------------------------------------------------------------

template <class T>
concept Number = std::integral<T> && !std::same_as<T, bool>;

inline std::uint64_t zigzag(std::int64_t v) {
  return (static_cast<std::uint64_t>(v) << 1) ^ static_cast<std::uint64_t>(v >> 63);
}
inline std::int64_t unzigzag(std::uint64_t v) { return static_cast<std::int64_t>(v >> 1) ^ -static_cast<std::int64_t>(v & 1); }

}  // namespace kiz::wire

namespace cereal {  // found by argument-dependent lookup through the archives

template <class T>
  requires(std::is_arithmetic_v<T>)
void CEREAL_SAVE_FUNCTION_NAME(kiz::wire::Writer& ar, const T& v) {
  static_assert(std::is_integral_v<T>, "no floating point in anything hashed");
  if constexpr (std::is_signed_v<T>) {
    ar.varint(kiz::wire::zigzag(v));
  } else {
    ar.varint(v);
  }
}

template <class T>
  requires(std::is_arithmetic_v<T>)
void CEREAL_LOAD_FUNCTION_NAME(kiz::wire::Reader& ar, T& v) {
  static_assert(std::is_integral_v<T>, "no floating point in anything hashed");
  const std::uint64_t raw = ar.varint();
  if constexpr (std::is_same_v<T, bool>) {
    if (raw > 1) throw kiz::wire::Refused{kiz::Errc::not_canonical, "yes/no"};
    v = raw == 1;
  } else if constexpr (std::is_signed_v<T>) {
    const std::int64_t value = kiz::wire::unzigzag(raw);
    if (value < std::numeric_limits<T>::min() || value > std::numeric_limits<T>::max()) {
      throw kiz::wire::Refused{kiz::Errc::over_limit, "number"};
    }
    v = static_cast<T>(value);
  } else {
    if (raw > std::numeric_limits<T>::max()) throw kiz::wire::Refused{kiz::Errc::over_limit, "number"};
    v = static_cast<T>(raw);
  }
}

template <std::size_t N, class Tag>
void CEREAL_SAVE_FUNCTION_NAME(kiz::wire::Writer& ar, const kiz::FixedBytes<N, Tag>& v) { ar.raw(v.bytes); }
template <std::size_t N, class Tag>
void CEREAL_LOAD_FUNCTION_NAME(kiz::wire::Reader& ar, kiz::FixedBytes<N, Tag>& v) {
  v = kiz::FixedBytes<N, Tag>::from(ar.raw(N));
}

inline void CEREAL_SAVE_FUNCTION_NAME(kiz::wire::Writer& ar, const kiz::Timestamp& v) { ar.varint(v.value); }
inline void CEREAL_LOAD_FUNCTION_NAME(kiz::wire::Reader& ar, kiz::Timestamp& v) { v.value = ar.varint(); }

template <class T>
void CEREAL_SAVE_FUNCTION_NAME(kiz::wire::Writer& ar, const NameValuePair<T>& v) { ar(v.value); }
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(kiz::wire::Reader& ar, NameValuePair<T>& v) { ar(v.value); }

template <class S>
void CEREAL_SAVE_FUNCTION_NAME(kiz::wire::Writer& ar, const kiz::wire::Text<S>& v) {
  KIZ_ASSERT(v.text.size() <= v.max && kiz::wire::is_text(v.text));
  ar.varint(v.text.size());
  ar.raw(kiz::view(v.text));
}
template <class S>
void CEREAL_LOAD_FUNCTION_NAME(kiz::wire::Reader& ar, kiz::wire::Text<S>& v) {
  const auto in = ar.raw(ar.count(v.max, 1));
  const std::string_view text{reinterpret_cast<const char*>(in.data()), in.size()};
  if (!kiz::wire::is_text(text)) throw kiz::wire::Refused{kiz::Errc::malformed, "text is not UTF-8"};
  v.text.assign(text);
}

template <class B>
void CEREAL_SAVE_FUNCTION_NAME(kiz::wire::Writer& ar, const kiz::wire::Blob<B>& v) {
  KIZ_ASSERT(v.bytes.size() <= v.max);
  ar.varint(v.bytes.size());
  ar.raw(v.bytes);
}
template <class B>
void CEREAL_LOAD_FUNCTION_NAME(kiz::wire::Reader& ar, kiz::wire::Blob<B>& v) {
  const auto in = ar.raw(ar.count(v.max, 1));
  v.bytes.assign(in.begin(), in.end());
}

template <class C>
void CEREAL_SAVE_FUNCTION_NAME(kiz::wire::Writer& ar, const kiz::wire::List<C>& v) {
  KIZ_ASSERT(v.items.size() <= v.max);
  ar.varint(v.items.size());
  for (const auto& item : v.items) ar(item);
}
template <class C>
void CEREAL_LOAD_FUNCTION_NAME(kiz::wire::Reader& ar, kiz::wire::List<C>& v) {
  const std::size_t n = ar.count(v.max, v.item_bytes_min);
  v.items.clear();
  for (std::size_t i = 0; i < n; ++i) ar(v.items.emplace_back());
}

template <class C>
void CEREAL_SAVE_FUNCTION_NAME(kiz::wire::Writer& ar, const kiz::wire::SortedSet<C>& v) {
  KIZ_ASSERT(v.items.size() <= v.max);
  ar.varint(v.items.size());
  for (std::size_t i = 0; i < v.items.size(); ++i) {
    KIZ_ASSERT(i == 0 || v.items[i - 1] < v.items[i]);
    ar(v.items[i]);
  }
}
template <class C>
void CEREAL_LOAD_FUNCTION_NAME(kiz::wire::Reader& ar, kiz::wire::SortedSet<C>& v) {
  const std::size_t n = ar.count(v.max, v.item_bytes_min);
  v.items.clear();
  for (std::size_t i = 0; i < n; ++i) {
    ar(v.items.emplace_back());
    if (i > 0 && !(v.items[i - 1] < v.items[i])) throw kiz::wire::Refused{kiz::Errc::not_canonical, "order"};
  }
}

template <class E>
void CEREAL_SAVE_FUNCTION_NAME(kiz::wire::Writer& ar, const kiz::wire::Enum<E>& v) {
  ar.varint(static_cast<std::uint64_t>(v.value));
}
template <class E>
void CEREAL_LOAD_FUNCTION_NAME(kiz::wire::Reader& ar, kiz::wire::Enum<E>& v) {
  const std::uint64_t raw = ar.varint();
  if (raw > v.last) throw kiz::wire::Refused{kiz::Errc::malformed, "unknown kind"};
  v.value = static_cast<E>(raw);
}

template <class T>
void CEREAL_SAVE_FUNCTION_NAME(kiz::wire::Writer& ar, const std::optional<T>& v) {
  ar.varint(v ? 1 : 0);
  if (v) ar(*v);
}
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(kiz::wire::Reader& ar, std::optional<T>& v) {
  bool present = false;
  ar(present);
  v.reset();
  if (present) ar(v.emplace());
}

void CEREAL_SAVE_FUNCTION_NAME(kiz::wire::Writer& ar, const kiz::Value& v);
void CEREAL_LOAD_FUNCTION_NAME(kiz::wire::Reader& ar, kiz::Value& v);

}  // namespace cereal

namespace kiz {

template <class Archive>
void CellName::serialize(Archive& ar) { ar(cereal::make_nvp("entry", entry), cereal::make_nvp("op", op)); }
template <class Archive>
void Head::serialize(Archive& ar) {
  ar(cereal::make_nvp("log", log), cereal::make_nvp("seq", seq), cereal::make_nvp("entry", entry));
}
template <class Archive>
void ControlPosition::serialize(Archive& ar) {
  ar(cereal::make_nvp("epoch", epoch), cereal::make_nvp("seq", seq), cereal::make_nvp("hash", hash));
}
template <class Archive>
void Space::serialize(Archive& ar) {
  constexpr std::size_t member_max = 12;
  auto number = static_cast<std::uint32_t>(collection);
  ar(cereal::make_nvp("realm", realm), cereal::make_nvp("owner", wire::text(owner, member_max)),
     cereal::make_nvp("collection", number), cereal::make_nvp("counterpart", wire::text(counterpart, member_max)));
  collection = static_cast<Collection>(number);
}

}  // namespace kiz

namespace kiz::wire {

/// Reads a value as far as its end, without looking at its content.
void pass_over_value(Reader& ar);

/// Canonical bytes of a structure.
template <class T>
Bytes encode(const T& v) {
  Writer ar;
  ar(const_cast<T&>(v));  // a field list serves both directions; writing changes nothing
  return ar.take();
}

/// Decodes all of `in`; refuses trailing bytes. What it accepts encodes to the same bytes again.
/// errors: malformed, not_canonical, over_limit, unknown_version
template <class T>
Result<T> decode(ByteView in) {
  try {
    Reader ar{in};
    T out{};
    ar(out);
    if (ar.left() != 0) return Error{Errc::malformed, "bytes after the end"};
    return out;
  } catch (const Refused& refused) {
    return Error{refused.code, refused.what};
  }
}

}  // namespace kiz::wire
