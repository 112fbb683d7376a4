// Configurations as text: print, set by key, compare and stamp any aggregate that OHMIC_MEMBERS or BOOST_HANA_ADAPT_STRUCT describes.
#pragma once

#include <algorithm>
#include <boost/hana/accessors.hpp>
#include <boost/hana/adapt_struct.hpp>
#include <boost/hana/concept/struct.hpp>
#include <boost/hana/first.hpp>
#include <boost/hana/for_each.hpp>
#include <boost/hana/length.hpp>
#include <boost/hana/pair.hpp>
#include <boost/hana/second.hpp>
#include <boost/hana/string.hpp>
#include <boost/hana/tuple.hpp>
#include <boost/preprocessor/punctuation/comma_if.hpp>
#include <boost/preprocessor/seq/for_each_i.hpp>
#include <boost/preprocessor/stringize.hpp>
#include <boost/preprocessor/variadic/to_seq.hpp>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include "ohmic/core/config.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/named.hpp"
#include "ohmic/core/near_names.hpp"
#include "ohmic/core/quantity.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Names of the values of an enumeration. To specialise, beside the enumeration:
///   template <> struct ohmic::enum_names<rounding> {
///     static constexpr std::pair<std::string_view, rounding> value[] = {{"nearest_even", rounding::nearest_even}, ..};
///   };
template <class E>
struct enum_names;

/// E is an enumeration with names.
template <class E>
concept named_enum = std::is_enum_v<E> && requires {
  std::begin(enum_names<E>::value);
};

/// T is an aggregate whose members OHMIC_MEMBERS or BOOST_HANA_ADAPT_STRUCT lists.
template <class T>
concept reflected = boost::hana::Struct<std::remove_cv_t<T>>::value;

/// One member of a config.
template <fixed_string Name, auto Pointer>
struct member {};

/// The members of a config. OHMIC_MEMBERS makes it; for a class template, which no macro can describe, inside it:
///   struct hana_accessors_impl : reflected_members<member<"adc", &config::adc>, ..> {};
template <class... Members>
struct reflected_members {
  static constexpr auto apply() { return boost::hana::make_tuple(accessor(Members{})...); }

 private:
  template <fixed_string Name, auto Pointer>
  static constexpr auto accessor(member<Name, Pointer>) {
    return boost::hana::make_pair(detail::key_of<Name>{},
                                  [](auto&& config) -> decltype(auto) { return (config.*Pointer); });
  }
};

// clang-format off
#define OHMIC_MEMBER_OF(r, Config, i, name) BOOST_PP_COMMA_IF(i) ohmic::member<BOOST_PP_STRINGIZE(name), &Config::name>
/// The members of a config of the library, outside every namespace, at least one: OHMIC_MEMBERS(ohmic::config, bits, sigma). As
/// BOOST_HANA_ADAPT_STRUCT does, which is read as well; here nothing is instantiated before a config is printed or set, which most programs
/// do with few of those in the library. Not for configs that checked and plain translation units share: those of the library are two types.
#define OHMIC_MEMBERS(Config, ...)                                                                       \
  template <>                                                                                            \
  struct boost::hana::accessors_impl<Config>                                                             \
      : ohmic::reflected_members<BOOST_PP_SEQ_FOR_EACH_I(OHMIC_MEMBER_OF, Config,                        \
                                                         BOOST_PP_VARIADIC_TO_SEQ(__VA_ARGS__))> {}
// clang-format on

/// Text form of one type of field. A specialisation has `allowed()`, `print(value)` and `parse(text, value)`, which
/// returns what is wrong, or an empty text.
template <class T>
struct field_format;

template <>
struct field_format<bool> {
  static std::string allowed() { return "true or false"; }
  static std::string print(bool v) { return v ? "true" : "false"; }
  static std::string parse(std::string_view text, bool& v) {
    if (text != "true" && text != "false") return "not a truth value";
    v = text == "true";
    return {};
  }
};

template <class T>
  requires(std::integral<T> || std::floating_point<T>)
struct field_format<T> {
  static std::string allowed() {
    if constexpr (std::integral<T>) {
      return "a whole number from " + detail::number_text(std::numeric_limits<T>::min()) + " to " +
             detail::number_text(std::numeric_limits<T>::max());
    } else {
      return "a number";
    }
  }
  static std::string print(T v) { return detail::number_text(v); }
  static std::string parse(std::string_view text, T& v) {
    T read{};
    auto const [end, status] = std::from_chars(text.data(), text.data() + text.size(), read);
    if (status == std::errc::result_out_of_range) return "the number does not fit";
    if (status != std::errc{} || end != text.data() + text.size() || read != read)
      return std::integral<T> ? "not a whole number" : "not a number";
    v = read;
    return {};
  }
};

template <named_enum E>
struct field_format<E> {
  static std::vector<std::string> names() {
    std::vector<std::string> all;
    for (auto const& [name, value] : enum_names<E>::value) all.emplace_back(name);
    return all;
  }
  static std::string allowed() { return "one of " + joined(names()); }
  static std::string print(E v) {
    for (auto const& [name, value] : enum_names<E>::value)
      if (value == v) return std::string(name);
    return detail::number_text(static_cast<std::underlying_type_t<E>>(v));
  }
  static std::string parse(std::string_view text, E& v) {
    for (auto const& [name, value] : enum_names<E>::value)
      if (name == text) {
        v = value;
        return {};
      }
    auto const near = nearest_name(text, names());
    return near.empty() ? "no such choice" : "no such choice, did you mean '" + near + "'?";
  }
};

template <>
struct field_format<std::string> {
  static std::string allowed() { return "text on one line"; }
  static std::string print(std::string const& v) { return v; }
  static std::string parse(std::string_view text, std::string& v) {
    if (std::any_of(text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r' || c == '\0'; }))
      return "more than a line";
    v = std::string(text);
    return {};
  }
};

template <dimension D>
struct field_format<quantity<D>> {
  static std::string allowed() { return "a number with unit " + unit_text(D); }
  static std::string print(quantity<D> v) { return to_text(v); }
  static std::string parse(std::string_view text, quantity<D>& v) {
    try {
      v = parse_quantity<quantity<D>>(text, "");
      return {};
    } catch (error const& e) { return e.info().what; }
  }
};

template <class T>
  requires(!std::same_as<T, std::string>)  // whose commas could not be told from the list's
struct field_format<std::vector<T>> {
  static std::string allowed() { return "a list with commas, each " + field_format<T>::allowed(); }
  static std::string print(std::vector<T> const& v) {
    std::vector<std::string> items;
    for (auto const& x : v) items.push_back(field_format<T>::print(x));
    std::string text;
    for (auto const& item : items) text += (&item == items.data() ? "" : ",") + item;
    return text;
  }
  static std::string parse(std::string_view text, std::vector<T>& v) {
    std::vector<T> read;
    for (bool more = !text.empty(); more;) {
      auto const comma = text.find(',');
      auto const item = detail::trimmed(text.substr(0, comma));
      T x{};
      if (auto wrong = field_format<T>::parse(item, x); !wrong.empty())
        return "'" + std::string(item) + "' in the list: " + wrong;
      read.push_back(std::move(x));
      more = comma != text.npos;
      if (more) text.remove_prefix(comma + 1);
    }
    v = std::move(read);
    return {};
  }
};

namespace detail {
/// Stands for any member in braces, to find out how many members an aggregate has.
struct any_member {
  template <class T>
  operator T() const noexcept;
};
template <class T, std::size_t... I>
constexpr bool takes_members(std::index_sequence<I...>) noexcept {
  return requires { T{(static_cast<void>(I), any_member{})...}; };
}
template <class T>
constexpr std::size_t accessor_count = decltype(boost::hana::length(boost::hana::accessors<T>()))::value;

/// What the functions below need of a field's type without being templates themselves: this keeps compile time down.
struct field_type {
  std::string (*print)(void const*);
  std::string (*parse)(std::string_view, void*);
  std::string (*allowed)();
};
template <class T>
inline constexpr field_type field_type_of = {
    [](void const* p) { return field_format<T>::print(*static_cast<T const*>(p)); },
    [](std::string_view text, void* p) {
      return field_format<T>::parse(std::same_as<T, std::string> ? text : trimmed(text), *static_cast<T*>(p));
    },
    [] { return field_format<T>::allowed(); },
};

struct field {
  std::string key;
  void* data;
  field_type const* type;

  [[nodiscard]] std::string text() const { return type->print(data); }
};
}  // namespace detail

/// Calls f(name, member) for every member, in the order listed; a nested aggregate is one member.
/// Errors  an aggregate with a member that is not listed does not compile
template <class T, class F>
  requires reflected<T>
constexpr void for_each_field(T& config, F&& f) {
  using plain = std::remove_cv_t<T>;
  constexpr auto listed = detail::accessor_count<plain>;
  static_assert(detail::takes_members<plain>(std::make_index_sequence<listed>()) &&
                    !detail::takes_members<plain>(std::make_index_sequence<listed + 1>()),
                "ohmic::reflect: a member of this config is missing in its OHMIC_MEMBERS or BOOST_HANA_ADAPT_STRUCT");
  boost::hana::for_each(boost::hana::accessors<plain>(), [&](auto const& accessor) {
    using name = std::remove_cvref_t<decltype(boost::hana::first(accessor))>;
    f(std::string_view(name::c_str()), boost::hana::second(accessor)(config));
  });
}

namespace detail {
template <class T>
void append_fields(T& config, std::string const& prefix, std::vector<field>& out) {
  for_each_field(config, [&](std::string_view name, auto& member) {
    using member_type = std::remove_cvref_t<decltype(member)>;
    auto key = prefix + std::string(name);
    if constexpr (reflected<member_type>) {
      append_fields(member, key + ".", out);
    } else {
      static_assert(
          requires { field_format<member_type>::allowed(); },
          "ohmic::reflect: this type of member has no text form; use BOOST_HANA_ADAPT_STRUCT, enum_names or "
          "field_format");
      out.push_back(
          {std::move(key), const_cast<void*>(static_cast<void const*>(&member)), &field_type_of<member_type>});
    }
  });
}

/// All fields with dotted keys. Those of a constant config are only read.
template <class T>
std::vector<field> fields(T& config) {
  std::vector<field> all;
  append_fields(config, "", all);
  return all;
}

inline std::vector<std::string> keys(std::vector<field> const& fields) {
  std::vector<std::string> all;
  for (auto const& f : fields) all.push_back(f.key);
  return all;
}

inline std::string print(std::vector<field> const& fields) {
  std::string text;
  for (auto const& f : fields) text += f.key + "=" + f.text() + "\n";
  return text;
}

inline void set(std::vector<field> const& fields, std::string_view key, std::string_view value) {
  auto const found = std::find_if(fields.begin(), fields.end(), [&](field const& f) { return f.key == key; });
  if (found != fields.end()) {
    auto const wrong = found->type->parse(value, found->data);
    if (!wrong.empty())
      throw error({errc::config_value, wrong, found->key, "'" + std::string(value) + "'", found->type->allowed(), ""});
    return;
  }
  auto const all = keys(fields);
  std::vector<std::string> inside;
  for (auto const& k : all)
    if (k.starts_with(std::string(key) + ".")) inside.push_back(k);
  if (!inside.empty())
    throw error({errc::unknown_key, "a group of settings has no value", std::string(key), "", joined(inside), ""});
  auto near = nearest_name(key, all);
  for (auto const& k : all)
    if (near.empty() && k.ends_with("." + std::string(key))) near = k;  // the group was left out
  throw error({errc::unknown_key, "unknown key", std::string(key), "", joined(worth_naming(all, key)),
               near.empty() ? "" : "did you mean '" + near + "'?"});
}
}  // namespace detail

/// Keys of all fields, nested ones with dots: "adc.bits".
template <reflected T>
[[nodiscard]] std::vector<std::string> keys(T const& config) {
  return detail::keys(detail::fields(config));
}

/// One line per field, "adc.bits=8"; every value but NaN and texts of several lines reads back exactly.
template <reflected T>
[[nodiscard]] std::string print(T const& config) {
  return detail::print(detail::fields(config));
}

/// Sets one field from text; the config is unchanged when that fails.
/// Errors  errc::unknown_key with what was probably meant; errc::config_value with the type and its allowed values
template <reflected T>
void set(T& config, std::string_view key, std::string_view value) {
  detail::set(detail::fields(config), key, value);
}

/// Sets one field from "key=value", as on a command line.
/// Errors  as `set`; errc::config_value without an equals sign
template <reflected T>
void assign(T& config, std::string_view assignment) {
  auto const equals = assignment.find('=');
  if (equals == assignment.npos)
    throw error({errc::config_value, "not an assignment", std::string(assignment), "", "key=value", ""});
  set(config, detail::trimmed(assignment.substr(0, equals)), assignment.substr(equals + 1));
}

/// A field whose text differs between two configs.
struct field_change {
  std::string key;
  std::string before;
  std::string after;
  friend bool operator==(field_change const&, field_change const&) = default;
};

/// The fields in which b differs from a.
template <reflected T>
[[nodiscard]] std::vector<field_change> diff(T const& a, T const& b) {
  auto const before = detail::fields(a), after = detail::fields(b);
  std::vector<field_change> changes;
  for (std::size_t i = 0; i < before.size(); ++i)
    if (auto x = before[i].text(), y = after[i].text(); x != y)
      changes.push_back({before[i].key, std::move(x), std::move(y)});
  return changes;
}

/// 64-bit FNV-1a hash of a text, or of what follows a text of this hash. Not for secrets.
/// Source  Fowler, Noll, Vo; offset basis and prime of the 64-bit variant
[[nodiscard]] constexpr std::uint64_t fingerprint(std::string_view text,
                                                  std::uint64_t hash = 0xcbf29ce484222325) noexcept {
  for (char const c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

/// Stamp of a config: equal for equal settings, on every machine; the hash of what `print` writes.
template <reflected T>
[[nodiscard]] std::uint64_t fingerprint(T const& config) {
  return fingerprint(std::string_view(print(config)));
}

}  // namespace ohmic::inline OHMIC_ABI
