/* Loaded before a server: remembers what it has synced, so that a power cut can be played afterwards.
 *
 * UNSYNCED_DATA    only files and folders below this folder count
 * UNSYNCED_SHADOW  files/INODE    a file's content at its last sync
 *                  folders/INODE  a folder's entries at its last sync, a line each: d|f INODE NAME
 * UNSYNCED_LIE     blobs | folders | database: a sync of these is told to have worked and remembered nothing
 *
 * Writes need not be watched: what was never synced is in no shadow. A new file or folder forgets what an older one with
 * its inode number had. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
static const char *data, *shadow, *lie;

__attribute__((constructor)) static void begin(void) {
    data = getenv("UNSYNCED_DATA");
    shadow = getenv("UNSYNCED_SHADOW");
    lie = getenv("UNSYNCED_LIE");
    if (!data || !shadow) _exit(97);
    if (!lie) lie = "";
}

static int raw_open(const char *path, int flags, int mode) {
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, mode);
}

static int is_below(const char *path) {
    size_t n = strlen(data);
    return strncmp(path, data, n) == 0 && (path[n] == '/' || path[n] == 0);
}

/* Where the descriptor leads, when it is below the data folder and still has a name. */
static int path_of(int fd, char *path, size_t size) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, size - 1);
    if (n <= 0) return 0;
    path[n] = 0;
    return is_below(path) && !strstr(path, " (deleted)");
}

static void fail(const char *what) {
    fprintf(stderr, "unsynced: %s: %s\n", what, strerror(errno));
    _exit(98);
}

static int begin_shadow(const char *kind, ino_t inode, char *part, char *whole, size_t size) {
    snprintf(whole, size, "%s/%s/%llu", shadow, kind, (unsigned long long)inode);
    snprintf(part, size, "%s/%s.part", shadow, kind);
    int out = raw_open(part, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (out < 0) fail(part);
    return out;
}

static void all_written(int out, const char *bytes, size_t left) {
    while (left > 0) {
        ssize_t n = write(out, bytes, left);
        if (n <= 0) fail("write");
        bytes += n;
        left -= (size_t)n;
    }
}

static void remember_file(int fd, const struct stat *meta) {
    char part[4096], whole[4096], buffer[65536], self[64];
    int out = begin_shadow("files", meta->st_ino, part, whole, sizeof whole);
    /* A descriptor of our own: this one may be for writing only. */
    snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
    int in = raw_open(self, O_RDONLY, 0);
    if (in < 0) fail(self);
    ssize_t n;
    off_t at = 0;
    while ((n = pread(in, buffer, sizeof buffer, at)) > 0) {
        all_written(out, buffer, (size_t)n);
        at += n;
    }
    if (n < 0) fail("read");
    close(in);
    close(out);
    if (rename(part, whole) != 0) fail(whole);
}

static void remember_folder(int fd, const struct stat *meta) {
    char part[4096], whole[4096], line[4096], self[64];
    int out = begin_shadow("folders", meta->st_ino, part, whole, sizeof whole);
    /* By its descriptor, not by its path: it may have been removed meanwhile, and lists nothing then. */
    snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
    int in = raw_open(self, O_RDONLY | O_DIRECTORY, 0);
    if (in < 0) fail(self);
    DIR *folder = fdopendir(in);
    if (!folder) fail("fdopendir");
    struct dirent *entry;
    while ((entry = readdir(folder))) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        struct stat child;
        if (fstatat(dirfd(folder), entry->d_name, &child, AT_SYMLINK_NOFOLLOW) != 0) continue;
        int n = snprintf(line, sizeof line, "%c %llu %s\n", S_ISDIR(child.st_mode) ? 'd' : 'f',
                         (unsigned long long)child.st_ino, entry->d_name);
        all_written(out, line, (size_t)n);
    }
    closedir(folder);
    close(out);
    if (rename(part, whole) != 0) fail(whole);
}

static int is_lied_about(const char *path, const struct stat *meta) {
    int in_blobs = strstr(path, "/blobs") != NULL;
    if (!strcmp(lie, "blobs")) return in_blobs && S_ISREG(meta->st_mode);
    if (!strcmp(lie, "folders")) return in_blobs && S_ISDIR(meta->st_mode);
    if (!strcmp(lie, "database")) return strstr(path, ".sqlite") != NULL;
    return 0;
}

static void remember(int fd) {
    char path[4096];
    struct stat meta;
    if (!path_of(fd, path, sizeof path) || fstat(fd, &meta) != 0 || is_lied_about(path, &meta)) return;
    pthread_mutex_lock(&one_at_a_time);
    if (S_ISDIR(meta.st_mode)) remember_folder(fd, &meta);
    else if (S_ISREG(meta.st_mode)) remember_file(fd, &meta);
    pthread_mutex_unlock(&one_at_a_time);
}

/* The disk of the test machine need not really sync: what counts is the shadow. */
int fsync(int fd) {
    remember(fd);
    return 0;
}

int fdatasync(int fd) {
    remember(fd);
    return 0;
}

static void forget(const char *kind, ino_t inode) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s/%llu", shadow, kind, (unsigned long long)inode);
    unlink(path);
}

static int opened(int folder, const char *path, int flags, int mode) {
    struct stat meta;
    int is_new = (flags & O_CREAT) && fstatat(folder, path, &meta, 0) != 0;
    int fd = (int)syscall(SYS_openat, folder, path, flags, mode);
    if (fd >= 0 && is_new) {
        char whole[4096];
        if (path_of(fd, whole, sizeof whole) && fstat(fd, &meta) == 0) forget("files", meta.st_ino);
    }
    return fd;
}

#define WITH_MODE(flags, mode)                                  \
    int mode = 0;                                               \
    if (((flags) & O_CREAT) || ((flags) & O_TMPFILE) == O_TMPFILE) { \
        va_list rest;                                           \
        va_start(rest, flags);                                  \
        mode = va_arg(rest, int);                               \
        va_end(rest);                                           \
    }

int open(const char *path, int flags, ...) {
    WITH_MODE(flags, mode)
    return opened(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    WITH_MODE(flags, mode)
    return opened(AT_FDCWD, path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...) {
    WITH_MODE(flags, mode)
    return opened(folder, path, flags, mode);
}

int openat64(int folder, const char *path, int flags, ...) {
    WITH_MODE(flags, mode)
    return opened(folder, path, flags, mode);
}

int mkdir(const char *path, mode_t mode) {
    int made = (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
    struct stat meta;
    if (made == 0 && stat(path, &meta) == 0) {
        char whole[4096];
        if (realpath(path, whole) && is_below(whole)) forget("folders", meta.st_ino);
    }
    return made;
}
