#include "sweep_store.hpp"

#include <charconv>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fmt/core.h>
#include <limits>
#include <memory>
#include <new>
#include <sqlite3.h>  // the file of a sweep: transactions that survive a killed process, and readers beside a writer
#include <system_error>
#include <unistd.h>
#include <utility>

#include "ohmic/core/error.hpp"
#include "ohmic/model/file.hpp"
#include "shallow_json.hpp"
#include "signals.hpp"

namespace program_cli {

using namespace ohmic;
namespace fs = std::filesystem;

namespace {

constexpr int sweep_file_schema = 1;
constexpr std::uint64_t max_points_of_file = 10'000'000;
constexpr int sweep_file_id = 0x4f484d53;  // "OHMS", SQLite's application_id

/// A name of a column.
std::string column(std::string const& name) {
  std::string out = "\"";
  for (char c : name) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

std::string column_text(sqlite3_stmt* s, int i) {
  auto const* text = reinterpret_cast<char const*>(sqlite3_column_text(s, i));
  return text == nullptr ? std::string() : std::string(text, static_cast<std::size_t>(sqlite3_column_bytes(s, i)));
}

void bind_text(sqlite3_stmt* s, int i, std::string const& text) {
  sqlite3_bind_text(s, i, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
}

/// Numbers as numbers, where they are printed as they stand.
void bind_value(sqlite3_stmt* s, int i, std::string const& text) {
  char const *const begin = text.data(), *const end = begin + text.size();
  std::int64_t whole = 0;
  double number = 0.0;
  if (auto const [at, status] = std::from_chars(begin, end, whole);
      status == std::errc{} && at == end && std::to_string(whole) == text)
    sqlite3_bind_int64(s, i, whole);
  else if (auto const [stop, read] = std::from_chars(begin, end, number);
           read == std::errc{} && stop == end && std::isfinite(number) && fmt::format("{:.15g}", number) == text)
    sqlite3_bind_double(s, i, number);
  else
    bind_text(s, i, text);
}

std::string column_value(sqlite3_stmt* s, int i) {
  return sqlite3_column_type(s, i) == SQLITE_FLOAT ? fmt::format("{:.15g}", sqlite3_column_double(s, i))
                                                   : column_text(s, i);
}

bool same_number(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

error not_a_sweep(std::string const& file, std::string const& why) {
  return error({errc::file_format, "is not the file of a sweep: " + why, model::place(file), "",
                "what ohmic sweep --output wrote", "name another file"});
}

/// True where transactions lie beside a file that are not in it.
bool has_wal(std::string const& file) {
  std::error_code ec;
  auto const size = fs::file_size(file_without_links(file) + "-wal", ec);
  return !ec && size > 0;
}

/// A file on a medium where SQLite could write nothing beside it, as an URI that says so.
std::string unchanging(std::string const& file) {
  std::string uri = "file://";
  for (char const c : file_without_links(file))
    uri += c == '%' || c == '?' || c == '#' ? fmt::format("%{:02x}", static_cast<unsigned>(c)) : std::string(1, c);
  return uri + "?immutable=1";
}

/// True where memory is not what is missing.
bool has_memory() { return std::unique_ptr<char[]>(new (std::nothrow) char[std::size_t{1} << 24]) != nullptr; }

}  // namespace

std::string identity_difference(json const& there, json const& here) {
  std::string out;
  auto const shown = [](json const& o, std::string const& key) {
    auto const text =
        o.contains(key) ? o.at(key).dump(-1, ' ', true, json::error_handler_t::replace) : std::string("nothing");
    return text.size() > 120 ? text.substr(0, 117) + "..." : text;
  };
  auto const compare = [&](std::string const& key) {
    if (shown(there, key) != shown(here, key) || there.value(key, json()) != here.value(key, json()))
      out += (out.empty() ? "" : "; ") + key + ": " + shown(there, key) + " there, " + shown(here, key) + " here";
  };
  for (auto const& [key, value] : there.items()) compare(key);
  for (auto const& [key, value] : here.items())
    if (!there.contains(key)) compare(key);
  return out;
}

void sweep_store::finalize::operator()(sqlite3_stmt* s) const noexcept { sqlite3_finalize(s); }

void sweep_store::fail(std::string const& what) const {
  std::string const why = db_ == nullptr ? "out of memory" : sqlite3_errmsg(db_);
  int const code = db_ == nullptr ? SQLITE_NOMEM : sqlite3_errcode(db_) & 0xff;
  if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT || code == SQLITE_ERROR) throw not_a_sweep(file_, why);
  // SQLite says so of a damaged file too, whose sizes it believes.
  if (db_ != nullptr && (code == SQLITE_NOMEM || code == SQLITE_TOOBIG) && has_memory())
    throw not_a_sweep(file_, "it asks for memory without end");
  if (int const refused = db_ == nullptr ? 0 : sqlite3_system_errno(db_);
      code == SQLITE_CANTOPEN && refusal_code(refused, errc::write_failed) == errc::no_resource)
    throw error({errc::no_resource, what, model::place(file_), std::strerror(refused), "",
                 "close files, or allow more (ulimit -n)"});
  throw error({errc::write_failed, what + ": " + why, model::place(file_), "", "",
               "check the free space and the rights of the folder"});
}

void sweep_store::execute(std::string const& sql) const {
  if (sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) fail("cannot use the file");
}

sweep_store::statement sweep_store::prepare(std::string const& sql) const {
  sqlite3_stmt* s = nullptr;
  if (sqlite3_prepare_v2(db_, sql.c_str(), static_cast<int>(sql.size()), &s, nullptr) != SQLITE_OK)
    fail("cannot use the file");
  return statement(s);
}

bool sweep_store::step(statement const& s) const {
  int const status = sqlite3_step(s.get());
  if (status == SQLITE_ROW) return true;
  if (status != SQLITE_DONE) fail("cannot use the file");
  return false;
}

void sweep_store::open(bool create) {
  if (create) note_written();
  auto const folder = fs::path(file_without_links(file_)).parent_path();
  bool const fixed = !create && !has_wal(file_) && folder.is_absolute() && access(folder.c_str(), W_OK) != 0;
  int const flags = create  ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                    : fixed ? SQLITE_OPEN_READONLY | SQLITE_OPEN_URI
                            : SQLITE_OPEN_READWRITE;
  // Results come from one thread.
  if (sqlite3_open_v2((fixed ? unchanging(file_) : file_).c_str(), &db_, flags | SQLITE_OPEN_NOMUTEX, nullptr) !=
      SQLITE_OK)
    fail("cannot be opened");
  // Who only reads leaves what a killed process left beside the file where it is.
  if (!create && has_wal(file_)) sqlite3_db_config(db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_busy_timeout(db_, 10'000);
  // The file may be a stranger's: its schema runs nothing.
  for (int const setting :
       {SQLITE_DBCONFIG_TRUSTED_SCHEMA, SQLITE_DBCONFIG_ENABLE_TRIGGER, SQLITE_DBCONFIG_ENABLE_VIEW})
    sqlite3_db_config(db_, setting, 0, nullptr);
  sqlite3_db_config(db_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
}

sweep_store::sweep_store(std::string const& file, json const& identity, std::vector<std::string> const& keys,
                         std::vector<std::string> const& metrics, bool anew)
    : file_(file) {
  lock_.emplace(file_);
  try {
    std::error_code ec;
    created_ = !fs::exists(file_, ec);
    open(true);
    int tables = 0;
    {
      auto const count = prepare("SELECT count(*) FROM sqlite_master");
      if (step(count)) tables = sqlite3_column_int(count.get(), 0);
    }
    if (tables > 0) read_columns();
    if (tables > 0 && !anew) {
      if (auto const differs = identity_difference(identity_, identity); !differs.empty())
        throw error({errc::config_conflict, "holds another sweep: " + differs, model::place(file_), "",
                     "the sweep that it was made for", "name another --output, or start anew with --restart"});
      if (metrics_ != metrics || keys_ != keys)
        throw error({errc::config_conflict, "holds other columns", model::place(file_), joined(metrics_),
                     joined(metrics), "name another --output, or start anew with --restart"});
    }
    identity_ = identity, keys_ = keys, metrics_ = metrics;
    points_ = identity.at("points").get<std::uint64_t>();
    // A killed process loses what is not committed; a power cut may lose the last commits too, never the file.
    execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;");
    if (tables == 0 || anew) create(tables > 0);
  } catch (...) {
    withdraw();
    throw;
  }
}

void sweep_store::create(bool replace) {
  std::string columns = "point INTEGER PRIMARY KEY, status TEXT NOT NULL, error TEXT";
  for (auto const& k : keys_) columns += ", " + column(k);
  for (auto const& m : metrics_) columns += ", " + column(m) + " REAL";
  whole([&] {
    if (replace) execute("DROP TABLE points; DROP TABLE meta;");
    execute("PRAGMA application_id=" + std::to_string(sweep_file_id) +
            "; PRAGMA user_version=" + std::to_string(sweep_file_schema) +
            "; CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL); CREATE TABLE points(" + columns + ");");
    keep("identity", identity_);
    keep("keys", keys_);
    keep("metrics", metrics_);
  });
}

sweep_store::sweep_store(std::string const& file) : file_(file) {
  if (!fs::is_regular_file(file)) {
    bool const there = fs::exists(file);
    throw error({errc::file_missing, there ? "is no file of a sweep" : "no such file", model::place(file),
                 fs::is_directory(file) ? "a folder"
                 : there                ? "a device or pipe"
                                        : "nothing",
                 "a regular file", "check the path"});
  }
  try {
    open(false);
    read_columns();
  } catch (...) {
    close();
    throw;
  }
}

void sweep_store::close() noexcept { sqlite3_close(std::exchange(db_, nullptr)); }

void sweep_store::withdraw() noexcept {
  close();
  for (char const* end : {"", "-wal", "-shm"})
    if (created_ && lock_) ::unlink((lock_->file() + end).c_str());
}

sweep_store::~sweep_store() { close(); }

void sweep_store::read_columns() {
  int id = 0, schema = 0;
  {
    auto const s = prepare("PRAGMA application_id");
    if (step(s)) id = sqlite3_column_int(s.get(), 0);
    auto const v = prepare("PRAGMA user_version");
    if (step(v)) schema = sqlite3_column_int(v.get(), 0);
  }
  if (id != sweep_file_id) throw not_a_sweep(file_, "it has another application_id");
  if (schema != sweep_file_schema) throw not_a_sweep(file_, "schema " + std::to_string(schema));
  {
    auto const s = prepare("SELECT type, name FROM sqlite_master");
    while (step(s))
      if (column_text(s.get(), 0) != "table" && column_text(s.get(), 0) != "index")
        throw not_a_sweep(file_, "it has a " + column_text(s.get(), 0) + ", " + in_quotes(column_text(s.get(), 1)));
  }
  identity_ = kept("identity");
  try {
    keys_ = kept("keys").get<std::vector<std::string>>();
    metrics_ = kept("metrics").get<std::vector<std::string>>();
  } catch (nlohmann::json::exception const&) { throw not_a_sweep(file_, "its columns are not listed"); }
  auto const points = identity_.is_object() ? identity_.find("points") : identity_.end();
  if (points == identity_.end() || !points->is_number_unsigned() || points->get<std::uint64_t>() > max_points_of_file)
    throw not_a_sweep(file_, "it does not say what it is");
  points_ = points->get<std::uint64_t>();
  // By name: values of columns that change places are those of other metrics.
  auto const s = prepare("SELECT * FROM points");
  std::vector<std::string> there, wanted{"point", "status", "error"};
  for (int i = 0; i < sqlite3_column_count(s.get()); ++i) {
    auto const* const name = sqlite3_column_name(s.get(), i);
    there.emplace_back(name == nullptr ? "" : name);
  }
  wanted.insert(wanted.end(), keys_.begin(), keys_.end());
  wanted.insert(wanted.end(), metrics_.begin(), metrics_.end());
  if (there != wanted) throw not_a_sweep(file_, "its columns are " + printable(joined(there), 400));
}

sweep_row sweep_store::row_at(sqlite3_stmt* s) const {
  auto const wrong = [&](std::string const& what, int column) {
    bool const is_blob = sqlite3_column_type(s, column) == SQLITE_BLOB;
    return error({errc::file_format, "is not the file of a sweep: " + what,
                  model::place(file_, "point " + printable(column_text(s, 0))),
                  is_blob ? "bytes" : in_quotes(column_text(s, column)), "what ohmic sweep --output wrote",
                  "name another file, or start anew with --restart"});
  };
  sweep_row row;
  row.point = static_cast<std::uint64_t>(sqlite3_column_int64(s, 0));
  if (sqlite3_column_type(s, 0) != SQLITE_INTEGER || row.point >= points_)
    throw not_a_sweep(file_, "point " + printable(column_text(s, 0)) + " is none of its points");
  bool const has_error = sqlite3_column_type(s, 2) != SQLITE_NULL;
  if (has_error && sqlite3_column_type(s, 2) != SQLITE_TEXT) throw wrong("an error is no text", 2);
  row.error = column_text(s, 2);
  if (has_error == row.error.empty() || column_text(s, 1) != (has_error ? "failed" : "done"))
    throw wrong("status and error contradict each other", 1);
  for (std::size_t k = 0; k < keys_.size(); ++k) {
    int const at = static_cast<int>(3 + k), type = sqlite3_column_type(s, at);
    if (type == SQLITE_BLOB || type == SQLITE_NULL)
      throw wrong("the value of " + in_quotes(keys_[k]) + " is no number and no text", at);
    row.values.push_back(column_value(s, at));
  }
  for (std::size_t m = 0; m < metrics_.size(); ++m) {
    int const at = static_cast<int>(3 + keys_.size() + m), type = sqlite3_column_type(s, at);
    // SQLite keeps NaN as NULL.
    double const v = type == SQLITE_NULL ? std::numeric_limits<double>::quiet_NaN() : sqlite3_column_double(s, at);
    if (type == SQLITE_TEXT || type == SQLITE_BLOB || std::isinf(v))
      throw wrong("metric " + in_quotes(metrics_[m]) + " is no finite number", at);
    row.metrics.push_back(v);
  }
  return row;
}

void sweep_store::check_values(std::function<std::vector<std::string>(std::uint64_t)> const& values) const {
  for_each([&](sweep_row const& row) {
    auto const wanted = values(row.point);
    for (std::size_t k = 0; k < keys_.size(); ++k)
      if (row.values[k] != wanted[k])
        throw error({errc::config_conflict, "has another value of " + in_quotes(keys_[k]),
                     model::place(file_, "point " + std::to_string(row.point)), in_quotes(row.values[k]),
                     in_quotes(wanted[k]), "name another --output, or start anew with --restart"});
  });
}

void sweep_store::keep(std::string const& key, json const& value) {
  auto const s = prepare("INSERT OR REPLACE INTO meta(key, value) VALUES(?, ?)");
  bind_text(s.get(), 1, key);
  bind_text(s.get(), 2, value.dump());
  step(s);
}

json sweep_store::kept(std::string const& key) const {
  auto const s = prepare("SELECT value FROM meta WHERE key = ?");
  bind_text(s.get(), 1, key);
  if (!step(s)) return nullptr;
  std::string const text = column_text(s.get(), 0);
  auto value = parse_shallow<json>(text);
  if (value.is_discarded()) throw not_a_sweep(file_, "broken value of " + key);
  return value;
}

std::vector<bool> sweep_store::present(std::uint64_t points, bool without_failed) const {
  std::vector<bool> there(points, false);
  auto const s =
      prepare(without_failed ? "SELECT point FROM points WHERE status = 'done'" : "SELECT point FROM points");
  while (step(s)) {
    auto const p = static_cast<std::uint64_t>(sqlite3_column_int64(s.get(), 0));
    if (p < points) there[p] = true;
  }
  return there;
}

void sweep_store::insert(std::vector<sweep_row> const& rows) {
  std::string places = "?, ?, ?";
  for (std::size_t i = 0; i < keys_.size() + metrics_.size(); ++i) places += ", ?";
  whole([&] {
    auto const s = prepare("INSERT OR REPLACE INTO points VALUES(" + places + ")");
    for (auto const& r : rows) {
      int at = 1;
      sqlite3_bind_int64(s.get(), at++, static_cast<std::int64_t>(r.point));
      bind_text(s.get(), at++, r.error.empty() ? "done" : "failed");
      r.error.empty() ? static_cast<void>(sqlite3_bind_null(s.get(), at)) : bind_text(s.get(), at, r.error);
      ++at;
      for (auto const& v : r.values) bind_value(s.get(), at++, v);
      for (std::size_t m = 0; m < metrics_.size(); ++m, ++at)
        // A perplexity may overflow: what is not finite is compared with nothing, as in JSON, which has no number for it.
        m < r.metrics.size() && std::isfinite(r.metrics[m]) ? sqlite3_bind_double(s.get(), at, r.metrics[m])
                                                            : sqlite3_bind_null(s.get(), at);
      step(s);
      sqlite3_reset(s.get());
    }
  });
}

void sweep_store::whole(std::function<void()> const& f) {
  if (sqlite3_get_autocommit(db_) == 0) return f();  // part of a larger one
  execute("BEGIN IMMEDIATE");
  try {
    f();
    execute("COMMIT");
  } catch (...) {
    sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
    throw;
  }
}

void sweep_store::add(std::vector<sweep_result> const& results,
                      std::function<std::vector<std::string>(std::uint64_t)> const& values) {
  std::vector<sweep_row> rows;
  rows.reserve(results.size());
  for (auto const& r : results) rows.push_back({r.point, r.error, values(r.point), r.metrics});
  insert(rows);
}

void sweep_store::for_each(std::function<void(sweep_row const&)> const& f) const {
  auto const s = prepare("SELECT * FROM points ORDER BY point");
  for (std::optional<std::uint64_t> before; step(s);) {
    auto const row = row_at(s.get());
    if (before == row.point) throw not_a_sweep(file_, "point " + std::to_string(row.point) + " is there twice");
    before = row.point;
    f(row);
  }
}

void sweep_store::check_same_sweep(sweep_store const& other) const {
  if (auto const differs = identity_difference(identity_, other.identity_);
      !differs.empty() || other.metrics_ != metrics_ || other.keys_ != keys_)
    throw error({errc::config_conflict, "is of another sweep than the first: " + differs, model::place(other.file_), "",
                 "shards of one sweep", ""});
}

void sweep_store::merge(sweep_store const& other) {
  check_same_sweep(other);
  constexpr std::size_t batch = 4096;
  std::vector<sweep_row> rows;
  auto const mine = prepare("SELECT * FROM points WHERE point = ?");
  auto const flush = [&] {
    insert(rows);
    rows.clear();
  };
  other.for_each([&](sweep_row const& r) {
    sqlite3_reset(mine.get());
    sqlite3_bind_int64(mine.get(), 1, static_cast<std::int64_t>(r.point));
    bool const there = step(mine);
    auto const own = there ? row_at(mine.get()) : sweep_row{};
    std::string const& failure = own.error;
    bool same = !there || own.values == r.values;
    for (std::size_t m = 0; there && m < metrics_.size(); ++m) same = same && same_number(own.metrics[m], r.metrics[m]);
    sqlite3_reset(mine.get());
    if (there && failure.empty() == r.error.empty() && (failure != r.error || !same))
      throw error({errc::config_conflict, "has another result of a point", model::place(other.file_),
                   "point " + std::to_string(r.point), "the same result in every file", "run that point again"});
    if (there && (failure.empty() || !r.error.empty())) return;  // a point that was tried again replaces its failure
    rows.push_back(r);
    if (rows.size() == batch) flush();
  });
  if (!rows.empty()) flush();
}

}  // namespace program_cli
