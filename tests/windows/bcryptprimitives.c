/* For tests under Wine 8 only; never shipped.
 *
 * Wine 8 has no bcryptprimitives.dll, and no Windows program that Rust builds starts without one: the standard library
 * imports ProcessPrng from it. This library answers that one call from RtlGenRandom (SystemFunction036 of advapi32).
 *
 * Since it is in every process of the test anyway, it also mends a stub: Shell_NotifyIconGetRect of Wine 8 answers
 * E_NOTIMPL, and the tray library then drops each mouse event. In this process alone, it answers a box round the pointer.
 */
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE bytes, SIZE_T count)
{
    while (count > 0) {
        ULONG piece = count > 0x10000000 ? 0x10000000 : (ULONG)count;
        if (!SystemFunction036(bytes, piece))
            return FALSE;
        bytes += piece;
        count -= piece;
    }
    return TRUE;
}

static HRESULT WINAPI box_round_pointer(const void *icon, RECT *box)
{
    POINT pointer;
    (void)icon;
    if (box == NULL || !GetCursorPos(&pointer))
        return E_FAIL;
    SetRect(box, pointer.x - 8, pointer.y - 8, pointer.x + 8, pointer.y + 8);
    return S_OK;
}

/* Writes `mov rax, target; jmp rax` over the beginning of a function. */
static void redirect(unsigned char *function, void *target)
{
    DWORD before;
    unsigned i;
    if (!VirtualProtect(function, 12, PAGE_EXECUTE_READWRITE, &before))
        return;
    function[0] = 0x48;
    function[1] = 0xB8;
    for (i = 0; i < 8; i++)
        function[2 + i] = ((unsigned char *)&target)[i];
    function[10] = 0xFF;
    function[11] = 0xE0;
    VirtualProtect(function, 12, before, &before);
}

BOOL WINAPI DllMainCRTStartup(HINSTANCE self, DWORD reason, LPVOID reserved)
{
    HMODULE shell;
    FARPROC stub;
    (void)self;
    (void)reserved;
    if (reason == DLL_PROCESS_ATTACH && (shell = GetModuleHandleA("shell32.dll")) != NULL &&
        (stub = GetProcAddress(shell, "Shell_NotifyIconGetRect")) != NULL)
        redirect((unsigned char *)stub, (void *)box_round_pointer);
    return TRUE;
}
