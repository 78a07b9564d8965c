/* SPDX-License-Identifier: Apache-2.0 */
/* store_sqlite - the database files, through SQLite; nothing else in the house includes sqlite3.h.
 *
 * The library's defaults are for convenience; an evidence store wants the other end of each switch: WAL with
 * synchronous=FULL (NORMAL loses acknowledged rows at a power cut), STRICT tables, no extension loading, no trust in
 * what a schema may call, no double-quoted strings, b-tree cells checked when read, deleted content overwritten. One
 * connection is used by one thread, so the library's mutexes stay off. A file is recognised by the application id
 * in its header, read by hand before the library sees it: opening a stranger's file could already change it (a
 * journal would be rolled back). When you change a schema, raise its version and write the step from the last one.
 */
#include "audit/files.h"
#include "audit/store.h"
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DB_MAGIC    0x64625374u
#define DB_QUERIES  48
#define BUSY_MS     5000 /* a reader may hold a snapshot while the writer empties the WAL */
#define HEADER_LEN  72
#define HEADER_USER 60 /* offsets in the file header, sqlite.org/fileformat2.html §1.3 */
#define HEADER_APP  68

const struct db_kind db_log = {
    .app_id = 0x53746f4c, /* "StoL" */
    .version = 1,
    .schema = "CREATE TABLE record (seq INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, wall_ms INTEGER NOT NULL,"
              " kind TEXT NOT NULL, pseudonym TEXT NOT NULL, subject TEXT NOT NULL, key INTEGER NOT NULL,"
              " details BLOB NOT NULL, salt BLOB NOT NULL, leaf BLOB NOT NULL) STRICT;"
              "CREATE TABLE tree (at TEXT PRIMARY KEY, size INTEGER NOT NULL, edge BLOB NOT NULL) STRICT;",
};
const struct db_kind db_core = {
    .app_id = 0x53746f43, /* "StoC" */
    .version = 1,
    .schema =
        "CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;"
        "CREATE TABLE person (pseudonym TEXT NOT NULL, epoch INTEGER NOT NULL, wrapped BLOB, made_ms INTEGER NOT NULL,"
        " erased_ms INTEGER NOT NULL, is_logged INTEGER NOT NULL,"
        " PRIMARY KEY (pseudonym, epoch)) STRICT;"
        "CREATE TABLE consent (pseudonym TEXT NOT NULL, scope TEXT NOT NULL, granted INTEGER NOT NULL,"
        " since_ms INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (pseudonym, scope)) STRICT;"
        "CREATE TABLE resource (id TEXT PRIMARY KEY, url TEXT NOT NULL, title TEXT NOT NULL, lang TEXT NOT NULL,"
        " platform TEXT NOT NULL, object_type TEXT NOT NULL, length_ms INTEGER NOT NULL, first_ms INTEGER NOT NULL,"
        " last_ms INTEGER NOT NULL, seq INTEGER NOT NULL) STRICT;"
        "CREATE TABLE resource_tag (resource TEXT NOT NULL REFERENCES resource(id) ON DELETE CASCADE,"
        " facet TEXT NOT NULL, value TEXT NOT NULL, rule TEXT NOT NULL, seq INTEGER NOT NULL,"
        " PRIMARY KEY (resource, facet, value)) STRICT;"
        "CREATE TABLE learning (pseudonym TEXT NOT NULL, resource TEXT NOT NULL, playback TEXT NOT NULL,"
        " platform TEXT NOT NULL, activity TEXT NOT NULL, url TEXT NOT NULL, title TEXT NOT NULL,"
        " first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, count INTEGER NOT NULL, intervals TEXT NOT NULL,"
        " watched_ms INTEGER NOT NULL, dwell_ms INTEGER NOT NULL, length_ms INTEGER NOT NULL, final INTEGER NOT NULL,"
        " seq INTEGER NOT NULL, PRIMARY KEY (pseudonym, resource, playback)) STRICT;"
        "CREATE INDEX learning_resource ON learning (resource);",
};

struct db_q {
    struct db *db;
    const char *sql;
    sqlite3_stmt *stmt; /* owned */
    int failed;         /* of prepare or bind */
};
struct db {
    unsigned magic;
    sqlite3 *lite; /* owned */
    enum db_mode mode;
    struct db_q queries[DB_QUERIES];
    struct db_q dead; /* answers for a statement that could not be made */
    size_t n;
};

/* The errno of the system call that failed, else the one that says it best: err->num of ST_E_IO is shown as one. */
static int64_t errno_of(sqlite3 *lite, int best)
{
    int num = lite != NULL ? sqlite3_system_errno(lite) : 0;

    return num > 0 ? num : best;
}

static enum st_rc lite_fail(sqlite3 *lite, int rc, struct st_err *err)
{
    int64_t num = lite != NULL ? sqlite3_extended_errcode(lite) : rc;

    switch (rc & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return st_fail(err, ST_E_INTEGRITY, "audit.db", "the database file is damaged", num);
    case SQLITE_NOMEM: return st_fail(err, ST_E_NOMEM, "audit.db", "database", num);
    case SQLITE_FULL: return st_fail(err, ST_E_IO, "audit.db", "the disk is full", ENOSPC);
    case SQLITE_BUSY: return st_fail(err, ST_E_UNAVAILABLE, "audit.db", "another process holds the database", num);
    case SQLITE_CANTOPEN:
        return st_fail(err, ST_E_IO, "audit.db", "the database cannot be opened", errno_of(lite, ENOENT));
    case SQLITE_READONLY:
        return st_fail(err, ST_E_IO, "audit.db", "the database may not be written", errno_of(lite, EROFS));
    case SQLITE_PERM:
        return st_fail(err, ST_E_IO, "audit.db", "the database may not be opened", errno_of(lite, EACCES));
    case SQLITE_IOERR:
        return st_fail(err, ST_E_IO, "audit.db", "the database cannot be read or written", errno_of(lite, EIO));
    default: return st_fail(err, ST_E_IO, "audit.db", "the database refused a statement", EINVAL);
    }
}

static enum st_rc run(struct db *db, const char *sql, struct st_err *err)
{
    int rc = sqlite3_exec(db->lite, sql, NULL, NULL, NULL);

    return rc == SQLITE_OK ? ST_OK : lite_fail(db->lite, rc, err);
}

/* ---- whose file is it ------------------------------------------------------------------------------------------ */

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static enum st_rc foreign(const char *path, struct st_diag *diag, struct st_err *err, const char *what)
{
    st_diag_add(diag, path, 0, 0, "%s", what);
    return st_fail(err, ST_E_CONFIG, "audit.db", "not a database of this version of Stoa", 0);
}

/* Looks at the header only, without the library and without a lock. */
enum st_rc db_recognise(const char *path, const struct db_kind *kind, struct st_diag *diag, struct st_err *err)
{
    uint8_t head[HEADER_LEN];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t n;

    if (fd < 0)
        return st_fail(err, ST_E_IO, "audit.db", "the database cannot be opened", errno);
    n = pread(fd, head, sizeof head, 0);
    close(fd);
    if (n < 0)
        return st_fail(err, ST_E_IO, "audit.db", "the database cannot be read", errno);
    if (n != sizeof head || memcmp(head, "SQLite format 3", 16) != 0)
        return foreign(path, diag, err,
                       "not an SQLite database; expected a file that Stoa made: move it elsewhere, "
                       "or set state_dir to another folder");
    if (be32(head + HEADER_APP) != kind->app_id)
        return foreign(path, diag, err,
                       "a database of another program; expected one that Stoa made: move it "
                       "elsewhere, or set state_dir to another folder");
    if (be32(head + HEADER_USER) > kind->version)
        return foreign(path, diag, err,
                       "written by a newer Stoa; expected a schema that this version knows: use the "
                       "newer Stoa, or another state_dir");
    return ST_OK;
}

/* ---- opening --------------------------------------------------------------------------------------------------- */

static enum st_rc connect(struct db *db, const char *name, int flags, struct st_err *err)
{
    int rc = sqlite3_open_v2(name, &db->lite, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);

    if (rc != SQLITE_OK)
        return lite_fail(db->lite, rc, err);
    sqlite3_db_config(db->lite, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
    sqlite3_db_config(db->lite, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(db->lite, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    sqlite3_db_config(db->lite, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    sqlite3_db_config(db->lite, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(db->lite, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    sqlite3_db_config(db->lite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_busy_timeout(db->lite, BUSY_MS);
    return run(db, "PRAGMA cell_size_check=ON; PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY; PRAGMA mmap_size=0;",
               err);
}

static struct db *db_alloc(enum db_mode mode)
{
    struct db *db = calloc(1, sizeof *db);

    if (db != NULL) {
        db->magic = DB_MAGIC;
        db->mode = mode;
        db->dead.db = db;
    }
    return db;
}

/* The file gets its name only when the header says whose it is and the schema is there. */
static enum st_rc make_file(const char *path, const struct db_kind *kind, struct st_err *err)
{
    char tmp[FIL_PATH], pragma[128], dir[FIL_PATH];
    struct db *db = NULL;
    enum st_rc rc = ST_ERR;

    if ((size_t)snprintf(tmp, sizeof tmp, "%s.new", path) >= sizeof tmp)
        return st_fail(err, ST_E_LIMIT, "audit.db", "path is too long", sizeof tmp);
    snprintf(dir, sizeof dir, "%.*s", (int)(strrchr(path, '/') - path), path);
    snprintf(pragma, sizeof pragma, "PRAGMA application_id=%u; PRAGMA user_version=%u;", kind->app_id, kind->version);
    unlink(tmp); /* left by a crash in the middle of this */
    if ((db = db_alloc(DB_WRITE)) == NULL)
        return st_fail(err, ST_E_NOMEM, "audit.db", "database", sizeof *db);
    if (connect(db, tmp, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, err) != ST_OK ||
        run(db, "PRAGMA page_size=4096; PRAGMA synchronous=FULL; BEGIN IMMEDIATE;", err) != ST_OK ||
        run(db, pragma, err) != ST_OK || run(db, kind->schema, err) != ST_OK || run(db, "COMMIT;", err) != ST_OK ||
        run(db, "PRAGMA journal_mode=WAL;", err) != ST_OK)
        goto out;
    rc = ST_OK;
out:
    db_close(db); /* the last connection empties the WAL and removes it */
    if (rc == ST_OK && (chmod(tmp, 0600) != 0 || rename(tmp, path) != 0))
        rc = st_fail(err, ST_E_IO, "audit.db", "the database cannot be made", errno);
    return rc == ST_OK ? fil_sync_dir(dir, err) : rc;
}

/* A copy on a read-only medium has no WAL index and cannot get one; without a WAL nothing is missing there. */
static enum st_rc connect_read(struct db *db, const char *path, struct st_err *err)
{
    char name[FIL_PATH + 32], wal[FIL_PATH + 8];
    struct stat st;

    if (connect(db, path, SQLITE_OPEN_READONLY, err) == ST_OK &&
        run(db, "SELECT count(*) FROM sqlite_schema;", err) == ST_OK)
        return ST_OK;
    snprintf(wal, sizeof wal, "%s-wal", path);
    if (sqlite3_errcode(db->lite) != SQLITE_CANTOPEN || (stat(wal, &st) == 0 && st.st_size > 0) ||
        strpbrk(path, "?#%") != NULL)
        return ST_ERR;
    sqlite3_close_v2(db->lite);
    db->lite = NULL;
    snprintf(name, sizeof name, "file:%s?immutable=1", path);
    return connect(db, name, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, err);
}

enum st_rc db_open(const char *path, const struct db_kind *kind, enum db_mode mode, struct db **out,
                   struct st_diag *diag, struct st_err *err)
{
    struct db *db = NULL;
    enum st_rc rc = ST_ERR;

    if (mode == DB_WRITE && !fil_exists(path) && make_file(path, kind, err) != ST_OK)
        return ST_ERR;
    if (db_recognise(path, kind, diag, err) != ST_OK)
        return ST_ERR;
    if ((db = db_alloc(mode)) == NULL)
        return st_fail(err, ST_E_NOMEM, "audit.db", "database", sizeof *db);
    if (mode == DB_READ ? connect_read(db, path, err) != ST_OK
                        : connect(db, path, SQLITE_OPEN_READWRITE, err) != ST_OK ||
                              run(db,
                                  "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;"
                                  " PRAGMA journal_size_limit=16777216;",
                                  err) != ST_OK)
        goto out;
    *out = db;
    db = NULL;
    rc = ST_OK;
out:
    db_close(db);
    return rc;
}

void db_close(struct db *db)
{
    if (db == NULL)
        return;
    ST_CHECK(db, DB_MAGIC);
    for (size_t i = 0; i < db->n; i++)
        sqlite3_finalize(db->queries[i].stmt);
    sqlite3_close_v2(db->lite);
    db->magic = 0;
    free(db);
}

/* ---- transactions ---------------------------------------------------------------------------------------------- */

enum st_rc db_begin(struct db *db, struct st_err *err)
{
    ST_CHECK(db, DB_MAGIC);
    return run(db, db->mode == DB_WRITE ? "BEGIN IMMEDIATE" : "BEGIN", err);
}

enum st_rc db_commit(struct db *db, struct st_err *err)
{
    return db_run(db_q(db, "COMMIT"), err);
}

void db_rollback(struct db *db)
{
    for (size_t i = 0; i < db->n; i++) /* an open cursor would hold the transaction */
        sqlite3_reset(db->queries[i].stmt);
    if (sqlite3_get_autocommit(db->lite) == 0)
        sqlite3_exec(db->lite, "ROLLBACK", NULL, NULL, NULL);
}

enum st_rc db_durable(struct db *db, bool on, struct st_err *err)
{
    return run(db, on ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL", err);
}

enum st_rc db_flush(struct db *db, struct st_err *err)
{
    int rc = sqlite3_wal_checkpoint_v2(db->lite, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);

    return rc == SQLITE_OK ? ST_OK : lite_fail(db->lite, rc, err);
}

enum st_rc db_check(struct db *db, struct st_err *err)
{
    struct db_q *q = db_q(db, "PRAGMA integrity_check(1)");
    enum st_rc rc = db_step(q, err);

    if (rc == ST_OK && !st_span_eq(db_col(q, 0), ST_SPAN("ok")))
        rc = st_fail(err, ST_E_INTEGRITY, "audit.db", "the database file is damaged", 0);
    db_done(q);
    return rc;
}

/* ---- statements ------------------------------------------------------------------------------------------------ */

struct db_q *db_q(struct db *db, const char *sql)
{
    struct db_q *q = NULL;

    ST_CHECK(db, DB_MAGIC);
    for (size_t i = 0; i < db->n && q == NULL; i++)
        if (db->queries[i].sql == sql)
            q = &db->queries[i];
    if (q == NULL) {
        sqlite3_stmt *stmt = NULL;
        int rc = db->n == DB_QUERIES ? SQLITE_MISUSE /* raise DB_QUERIES */
                                     : sqlite3_prepare_v3(db->lite, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL);
        if (rc != SQLITE_OK) {
            db->dead.failed = rc;
            return &db->dead;
        }
        q = &db->queries[db->n++];
        q->db = db;
        q->sql = sql;
        q->stmt = stmt;
    }
    sqlite3_reset(q->stmt);
    q->failed = SQLITE_OK;
    return q;
}

static void bound(struct db_q *q, int rc)
{
    if (rc != SQLITE_OK && q->failed == SQLITE_OK)
        q->failed = rc;
}

void db_int(struct db_q *q, int place, int64_t value)
{
    if (q->failed == SQLITE_OK)
        bound(q, sqlite3_bind_int64(q->stmt, place, value));
}

void db_text(struct db_q *q, int place, const char *value)
{
    if (q->failed == SQLITE_OK)
        bound(q, sqlite3_bind_text(q->stmt, place, value, -1, SQLITE_STATIC));
}

void db_blob(struct db_q *q, int place, struct st_span value)
{
    if (q->failed == SQLITE_OK)
        bound(q, value.n == 0 ? sqlite3_bind_zeroblob(q->stmt, place, 0)
                              : sqlite3_bind_blob64(q->stmt, place, value.p, value.n, SQLITE_STATIC));
}

void db_null(struct db_q *q, int place)
{
    if (q->failed == SQLITE_OK)
        bound(q, sqlite3_bind_null(q->stmt, place));
}

enum st_rc db_step(struct db_q *q, struct st_err *err)
{
    int rc = q->failed;

    if (rc != SQLITE_OK)
        return lite_fail(q->db->lite, rc, err);
    rc = sqlite3_step(q->stmt);
    if (rc == SQLITE_ROW)
        return ST_OK;
    sqlite3_reset(q->stmt);
    return rc == SQLITE_DONE ? ST_AGAIN : lite_fail(q->db->lite, rc, err);
}

void db_done(struct db_q *q)
{
    sqlite3_reset(q->stmt); /* NULL is fine */
}

enum st_rc db_run(struct db_q *q, struct st_err *err)
{
    enum st_rc rc;

    while ((rc = db_step(q, err)) == ST_OK)
        continue;
    return rc == ST_AGAIN ? ST_OK : ST_ERR;
}

bool db_changed(const struct db *db)
{
    return sqlite3_changes(db->lite) > 0;
}

int64_t db_col_int(struct db_q *q, int col)
{
    return sqlite3_column_int64(q->stmt, col);
}

struct st_span db_col(struct db_q *q, int col)
{
    const void *p = sqlite3_column_blob(q->stmt, col); /* of a text too: its bytes as they are */
    int n = sqlite3_column_bytes(q->stmt, col);

    return p == NULL || n <= 0 ? ST_SPAN_NONE : st_span(p, (size_t)n);
}

bool db_col_null(struct db_q *q, int col)
{
    return sqlite3_column_type(q->stmt, col) == SQLITE_NULL;
}

void db_col_text(struct db_q *q, int col, char *out, size_t size)
{
    struct st_span s = st_span_sub(db_col(q, col), 0, size - 1);

    if (s.n > 0)
        memcpy(out, s.p, s.n);
    out[s.n] = 0;
}
