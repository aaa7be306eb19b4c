/* What tests/windows/families runs under a lease. It says what happens by files in a folder, which is its second argument.
 *
 *   late FOLDER            says that it lives, and ends when it may go
 *   launch FOLDER FLAGS    starts `late` with these flags of CreateProcess, and ends at once with 3
 *   nest FOLDER COMMAND    starts a command line of its own that runs `late`, kills that command line, and ends with 3
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

static char *folder;

static int is_there(const char *name) {
    char path[1024];
    snprintf(path, sizeof path, "%s\\%s", folder, name);
    return GetFileAttributesA(path) != INVALID_FILE_ATTRIBUTES;
}

static void say(const char *name) {
    char path[1024];
    snprintf(path, sizeof path, "%s\\%s", folder, name);
    CloseHandle(CreateFileA(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL));
}

static HANDLE start(char *command, DWORD flags) {
    STARTUPINFOA how = {.cb = sizeof how};
    PROCESS_INFORMATION process = {0};
    return CreateProcessA(NULL, command, NULL, NULL, FALSE, flags, NULL, NULL, &how, &process) ? process.hProcess : NULL;
}

int main(int count, char **words) {
    char own[1024], late[4096];
    if (count < 3)
        return 64;
    folder = words[2];
    GetModuleFileNameA(NULL, own, sizeof own);
    snprintf(late, sizeof late, "%s late %s", own, folder);
    if (!strcmp(words[1], "late")) {
        say("lives");
        while (!is_there("go"))
            Sleep(50);
        say("out");
        return 0;
    }
    if (!strcmp(words[1], "launch")) {
        if (!start(late, strtoul(words[3], NULL, 0))) {
            say("refused");
            start(late, 0);
        }
    } else {
        char command[4096];
        snprintf(command, sizeof command, "%s -- %s", words[3], late);
        HANDLE inner = start(command, 0);
        while (!is_there("lives"))
            Sleep(50);
        TerminateProcess(inner, 1);
    }
    return 3;
}
