; The set-up program for one user, without an administrator. Built by installer/windows/build; /S installs without a window,
; /AUTOSTART starts the agent at login too, /D=FOLDER (last) installs elsewhere.
;
; Hazards. A text of NSIS holds 1024 characters and a longer PATH reads as empty: PATH is changed in memory of our own. A program that
; runs cannot be overwritten, but renamed: an update does not end what people are in the middle of.
Target amd64-unicode
!include MUI2.nsh
!include LogicLib.nsh
!include FileFunc.nsh
!include WinMessages.nsh
!include Win\COM.nsh
!include Win\Propkey.nsh

Name "Sharelock"
OutFile "${OUT}"
RequestExecutionLevel user
InstallDir "$LOCALAPPDATA\Programs\Sharelock"
!ifdef QUICK
    SetCompressor zlib
!else
    SetCompressor /SOLID lzma
!endif
BrandingText "Sharelock ${VERSION}"
!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\Sharelock"
!define SHORTCUT "$SMPROGRAMS\Sharelock.lnk"
!define APP_ID "Sharelock.Agent"

!define MUI_ICON "${FILES}\sharelock.ico"
!define MUI_UNICON "${FILES}\sharelock.ico"
!insertmacro MUI_PAGE_COMPONENTS
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"
!insertmacro MUI_LANGUAGE "French"
LangString NamePath ${LANG_ENGLISH} "Commands in every console (PATH)"
LangString NamePath ${LANG_FRENCH} "Commandes dans toute console (PATH)"
LangString NameAutostart ${LANG_ENGLISH} "Start when I log in"
LangString NameAutostart ${LANG_FRENCH} "Démarrer à l'ouverture de ma session"
LangString Running ${LANG_ENGLISH} "Sharelock is still running. End what it guards, then uninstall again."
LangString Running ${LANG_FRENCH} "Sharelock est encore en cours d'exécution. Terminez ce qu'il protège, puis désinstallez de nouveau."

VIProductVersion "${VERSION}.0"
VIAddVersionKey /LANG=${LANG_ENGLISH} ProductName "Sharelock"
VIAddVersionKey /LANG=${LANG_ENGLISH} FileDescription "Sharelock set-up"
VIAddVersionKey /LANG=${LANG_ENGLISH} FileVersion "${VERSION}"
VIAddVersionKey /LANG=${LANG_ENGLISH} LegalCopyright "MIT OR Apache-2.0"

; Puts ${FOLDER} into this user's PATH, or takes it out: $0 = 1 or 0. Whatever else stands there stays, to the letter and the type.
!macro ChangePath un
Function ${un}ChangePath
    System::Call 'advapi32::RegCreateKeyExW(p 0x80000001, w "Environment", i 0, p 0, i 0, i 0x20019|0x20006, p 0, *p .r1, p 0) i .r9'
    ${If} $9 <> 0
        Return
    ${EndIf}
    ; Room for the longest environment there can be, twice: the value with a semicolon on both sides, and what is looked for.
    System::Alloc 131072
    Pop $2
    System::Alloc 8192
    Pop $3
    IntOp $4 $2 + 2
    StrCpy $5 65534
    StrCpy $6 2
    System::Call 'advapi32::RegQueryValueExW(p r1, w "Path", p 0, *i r6r6, p r4, *i r5r5) i .r9'
    ; 2: there is none yet. Anything else but success: hands off.
    ${If} $9 = 0
    ${OrIf} $9 = 2
        System::Call 'kernel32::lstrcpynW(p r3, w ";", i 2)'
        System::Call 'kernel32::lstrcatW(p r3, w "$INSTDIR;")'
        System::Call '*$2(&w1 ";")'
        System::Call 'kernel32::lstrcatW(p r2, w ";")'
        System::Call 'shlwapi::StrStrIW(p r2, p r3) p .r7'
        System::Call 'kernel32::lstrlenW(p r3) i .r8'
        StrCpy $9 0
        ${If} $0 = 1
        ${AndIf} $7 P= 0
            ; The one semicolon that was put at the end separates; without a value there is nothing to separate.
            System::Call 'kernel32::lstrlenW(p r2) i .r8'
            ${If} $8 <= 2
                System::Call '*$2(&w1 "")'
                System::Call 'kernel32::lstrcpyW(p r2, w ";")'
            ${EndIf}
            System::Call 'kernel32::lstrcatW(p r2, w "$INSTDIR;")'
            StrCpy $9 1
        ${ElseIf} $0 = 0
        ${AndIf} $7 P<> 0
            ; From the semicolon before it on, what follows it moves up; the semicolon after it stays.
            IntOp $8 $8 - 1
            IntOp $8 $8 * 2
            System::Int64Op $7 + $8
            Pop $8
            System::Call 'kernel32::lstrlenW(p r8) i .r5'
            IntOp $5 $5 + 1
            IntOp $5 $5 * 2
            System::Call 'ntdll::RtlMoveMemory(p r7, p r8, p r5)'
            StrCpy $9 1
        ${EndIf}
        ${If} $9 = 1
            ; Without the semicolons that were put around it.
            System::Call 'kernel32::lstrlenW(p r2) i .r8'
            ${If} $8 <= 2
                System::Call 'advapi32::RegDeleteValueW(p r1, w "Path")'
            ${Else}
                IntOp $5 $8 - 1
                IntOp $5 $5 * 2
                System::Int64Op $2 + $5
                Pop $8
                System::Call '*$8(&i2 0)'
                System::Call 'advapi32::RegSetValueExW(p r1, w "Path", i 0, i r6, p r4, i r5) i .r9'
            ${EndIf}
            SendMessage ${HWND_BROADCAST} ${WM_SETTINGCHANGE} 0 "STR:Environment" /TIMEOUT=2000
        ${EndIf}
    ${EndIf}
    System::Free $2
    System::Free $3
    System::Call 'advapi32::RegCloseKey(p r1)'
FunctionEnd
!macroend
!insertmacro ChangePath ""
!insertmacro ChangePath "un."

; One program: the one that runs is put aside, and removed now or by the next installation.
!macro Program name
    Delete "$INSTDIR\${name}.old"
    Rename "$INSTDIR\${name}" "$INSTDIR\${name}.old"
    File "${FILES}\${name}"
    Delete "$INSTDIR\${name}.old"
!macroend

; Notifications are shown for the identity that a shortcut of the Start menu carries.
Function GiveShortcutItsIdentity
    !insertmacro ComHlpr_CreateInProcInstance ${CLSID_ShellLink} ${IID_IShellLink} r0 ""
    ${If} $0 P= 0
        Return
    ${EndIf}
    ${IUnknown::QueryInterface} $0 '("${IID_IPersistFile}",.r1)'
    ${IUnknown::QueryInterface} $0 '("${IID_IPropertyStore}",.r2)'
    ${If} $1 P<> 0
    ${AndIf} $2 P<> 0
        ${IPersistFile::Load} $1 '("${SHORTCUT}",${STGM_READWRITE})'
        System::Call 'kernel32::GlobalAlloc(i 0x40, p 64) p .r5'
        System::Call 'kernel32::lstrcpyW(p r5, w "${APP_ID}")'
        System::Call '*${SYSSTRUCT_PROPERTYKEY}(${PKEY_AppUserModel_ID})p.r3'
        System::Call '*(&i2 31,&i6,p r5,p)p.r4'
        ${IPropertyStore::SetValue} $2 '($3,$4)'
        ${IPropertyStore::Commit} $2 ""
        ${IPersistFile::Save} $1 '("${SHORTCUT}",1)'
        System::Free $3
        System::Free $4
        System::Call 'kernel32::GlobalFree(p r5)'
    ${EndIf}
    !insertmacro ComHlpr_SafeRelease $2
    !insertmacro ComHlpr_SafeRelease $1
    ${IUnknown::Release} $0 ""
FunctionEnd

Section "Sharelock"
    SectionIn RO
    SetOutPath "$INSTDIR"
    ; The agent that runs is the old program; what it holds is given back, and it is started anew below. Nothing else is ended.
    StrCpy $R9 ""
    ${If} ${FileExists} "$INSTDIR\sharelock.exe"
        nsExec::Exec /TIMEOUT=20000 '"$INSTDIR\sharelock.exe" agent stop'
        Pop $R9
    ${EndIf}
    !insertmacro Program sharelock.exe
    !insertmacro Program sharelock-agent.exe
    !insertmacro Program sharelock-window.exe
    File "${FILES}\sharelock.ico"
    File "${FILES}\LICENSES.txt"
    File "${FILES}\sharelock.example.toml"
    CreateShortcut "${SHORTCUT}" "$INSTDIR\sharelock-agent.exe" "" "$INSTDIR\sharelock.ico"
    Call GiveShortcutItsIdentity
    WriteUninstaller "$INSTDIR\uninstall.exe"
    WriteRegStr HKCU "${UNINSTALL}" DisplayName "Sharelock"
    WriteRegStr HKCU "${UNINSTALL}" DisplayVersion "${VERSION}"
    WriteRegStr HKCU "${UNINSTALL}" Publisher "Sharelock authors"
    WriteRegStr HKCU "${UNINSTALL}" DisplayIcon "$INSTDIR\sharelock.ico"
    WriteRegStr HKCU "${UNINSTALL}" InstallLocation "$INSTDIR"
    WriteRegStr HKCU "${UNINSTALL}" UninstallString '"$INSTDIR\uninstall.exe"'
    WriteRegStr HKCU "${UNINSTALL}" QuietUninstallString '"$INSTDIR\uninstall.exe" /S'
    WriteRegDWORD HKCU "${UNINSTALL}" NoModify 1
    WriteRegDWORD HKCU "${UNINSTALL}" NoRepair 1
    ${GetSize} "$INSTDIR" "/S=0K" $0 $1 $2
    WriteRegDWORD HKCU "${UNINSTALL}" EstimatedSize $0
SectionEnd

Section "$(NamePath)"
    StrCpy $0 1
    Call ChangePath
SectionEnd

; The program alone writes what starts at login; here it is only asked to.
Section /o "$(NameAutostart)" Autostart
    nsExec::Exec /TIMEOUT=20000 '"$INSTDIR\sharelock.exe" autostart on'
    Pop $0
SectionEnd

; Whoever had an agent has one again: the new one. What it had reserved is to be reserved anew.
Section "-Agent"
    ${If} $R9 == 0
        ; While the old one runs, its file stays, and a second one would only call it: up to ten seconds until it is gone.
        ${For} $1 1 50
            Delete "$INSTDIR\sharelock-agent.exe.old"
            ${IfNot} ${FileExists} "$INSTDIR\sharelock-agent.exe.old"
                ${ExitFor}
            ${EndIf}
            Sleep 200
        ${Next}
        Exec '"$INSTDIR\sharelock-agent.exe"'
    ${EndIf}
SectionEnd

Function .onInit
    ${GetParameters} $0
    ClearErrors
    ${GetOptions} $0 "/AUTOSTART" $1
    ${IfNot} ${Errors}
        SectionSetFlags ${Autostart} 1
    ${EndIf}
FunctionEnd

Section "Uninstall"
    nsExec::Exec /TIMEOUT=20000 '"$INSTDIR\sharelock.exe" autostart off'
    Pop $0
    nsExec::Exec /TIMEOUT=20000 '"$INSTDIR\sharelock.exe" agent stop'
    Pop $0
    ; The agent gives back what it holds before it is gone: up to ten seconds.
    ${For} $1 1 50
        Delete "$INSTDIR\sharelock-window.exe"
        Delete "$INSTDIR\sharelock-agent.exe"
        Delete "$INSTDIR\sharelock.exe"
        ${IfNot} ${FileExists} "$INSTDIR\sharelock*.exe"
            ${ExitFor}
        ${EndIf}
        Sleep 200
    ${Next}
    ${If} ${FileExists} "$INSTDIR\sharelock*.exe"
        SetErrorLevel 1
        MessageBox MB_OK|MB_ICONEXCLAMATION "$(Running)" /SD IDOK
        Abort
    ${EndIf}
    StrCpy $0 0
    Call un.ChangePath
    Delete "${SHORTCUT}"
    Delete "$INSTDIR\sharelock*.exe.old"
    Delete "$INSTDIR\sharelock.ico"
    Delete "$INSTDIR\LICENSES.txt"
    Delete "$INSTDIR\sharelock.example.toml"
    Delete "$INSTDIR\uninstall.exe"
    RMDir "$INSTDIR"
    DeleteRegKey HKCU "${UNINSTALL}"
    ; What the agent calls itself for notifications.
    DeleteRegKey HKCU "Software\Classes\AppUserModelId\${APP_ID}"
SectionEnd
