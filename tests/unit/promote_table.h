/* Made by gen_promote.py with NumPy 2.4.6 and numba 0.68.1; do not edit. */
#ifndef LJ_PROMOTE_TABLE_H
#define LJ_PROMOTE_TABLE_H

#include "frontend/types.h"

#define PROMOTE_LETTERS "?bhiqBHIQfdFD"
typedef struct ArrayRow {
  int op; /* BinOp, or -1: np.result_type alone */
  bool weak_a, weak_b;
  const char *results[DT_COUNT];
} ArrayRow;
typedef struct ScalarRow {
  BinOp op;
  const char *results[DT_COUNT];
} ScalarRow;

/* Arrays, as NumPy types them; a weak operand is a Python scalar. */
static const ArrayRow array_rows[] = {
    {-1, false, false, {
     "?bhiqBHIQfdFD", "bbhiqhiqdfdFD", "hhhiqhiqdfdFD", "iiiiqiiqdddDD", "qqqqqqqqdddDD", "BhhiqBHIQfdFD", "HiiiqHHIQfdFD",
     "IqqqqIIIQddDD", "QddddQQQQddDD", "fffddffddfdFD", "dddddddddddDD", "FFFDDFFDDFDFD", "DDDDDDDDDDDDD",
     }},
    {BIN_ADD, false, false, {
     "?bhiqBHIQfdFD", "bbhiqhiqdfdFD", "hhhiqhiqdfdFD", "iiiiqiiqdddDD", "qqqqqqqqdddDD", "BhhiqBHIQfdFD", "HiiiqHHIQfdFD",
     "IqqqqIIIQddDD", "QddddQQQQddDD", "fffddffddfdFD", "dddddddddddDD", "FFFDDFFDDFDFD", "DDDDDDDDDDDDD",
     }},
    {BIN_SUB, false, false, {
     "-bhiqBHIQfdFD", "bbhiqhiqdfdFD", "hhhiqhiqdfdFD", "iiiiqiiqdddDD", "qqqqqqqqdddDD", "BhhiqBHIQfdFD", "HiiiqHHIQfdFD",
     "IqqqqIIIQddDD", "QddddQQQQddDD", "fffddffddfdFD", "dddddddddddDD", "FFFDDFFDDFDFD", "DDDDDDDDDDDDD",
     }},
    {BIN_MUL, false, false, {
     "?bhiqBHIQfdFD", "bbhiqhiqdfdFD", "hhhiqhiqdfdFD", "iiiiqiiqdddDD", "qqqqqqqqdddDD", "BhhiqBHIQfdFD", "HiiiqHHIQfdFD",
     "IqqqqIIIQddDD", "QddddQQQQddDD", "fffddffddfdFD", "dddddddddddDD", "FFFDDFFDDFDFD", "DDDDDDDDDDDDD",
     }},
    {BIN_MATMUL, false, false, {
     "?bhiqBHIQfdFD", "bbhiqhiqdfdFD", "hhhiqhiqdfdFD", "iiiiqiiqdddDD", "qqqqqqqqdddDD", "BhhiqBHIQfdFD", "HiiiqHHIQfdFD",
     "IqqqqIIIQddDD", "QddddQQQQddDD", "fffddffddfdFD", "dddddddddddDD", "FFFDDFFDDFDFD", "DDDDDDDDDDDDD",
     }},
    {BIN_DIV, false, false, {
     "dddddddddfdFD", "dddddddddfdFD", "dddddddddfdFD", "dddddddddddDD", "dddddddddddDD", "dddddddddfdFD", "dddddddddfdFD",
     "dddddddddddDD", "dddddddddddDD", "fffddffddfdFD", "dddddddddddDD", "FFFDDFFDDFDFD", "DDDDDDDDDDDDD",
     }},
    {BIN_FLOORDIV, false, false, {
     "bbhiqBHIQfd--", "bbhiqhiqdfd--", "hhhiqhiqdfd--", "iiiiqiiqddd--", "qqqqqqqqddd--", "BhhiqBHIQfd--", "HiiiqHHIQfd--",
     "IqqqqIIIQdd--", "QddddQQQQdd--", "fffddffddfd--", "ddddddddddd--", "-------------", "-------------",
     }},
    {BIN_MOD, false, false, {
     "bbhiqBHIQfd--", "bbhiqhiqdfd--", "hhhiqhiqdfd--", "iiiiqiiqddd--", "qqqqqqqqddd--", "BhhiqBHIQfd--", "HiiiqHHIQfd--",
     "IqqqqIIIQdd--", "QddddQQQQdd--", "fffddffddfd--", "ddddddddddd--", "-------------", "-------------",
     }},
    {BIN_POW, false, false, {
     "bbhiqBHIQfdFD", "bbhiqhiqdfdFD", "hhhiqhiqdfdFD", "iiiiqiiqdddDD", "qqqqqqqqdddDD", "BhhiqBHIQfdFD", "HiiiqHHIQfdFD",
     "IqqqqIIIQddDD", "QddddQQQQddDD", "fffddffddfdFD", "dddddddddddDD", "FFFDDFFDDFDFD", "DDDDDDDDDDDDD",
     }},
    {BIN_SHL, false, false, {
     "bbhiqBHIQ----", "bbhiqhiq-----", "hhhiqhiq-----", "iiiiqiiq-----", "qqqqqqqq-----", "BhhiqBHIQ----", "HiiiqHHIQ----",
     "IqqqqIIIQ----", "Q----QQQQ----", "-------------", "-------------", "-------------", "-------------",
     }},
    {BIN_SHR, false, false, {
     "bbhiqBHIQ----", "bbhiqhiq-----", "hhhiqhiq-----", "iiiiqiiq-----", "qqqqqqqq-----", "BhhiqBHIQ----", "HiiiqHHIQ----",
     "IqqqqIIIQ----", "Q----QQQQ----", "-------------", "-------------", "-------------", "-------------",
     }},
    {BIN_AND, false, false, {
     "?bhiqBHIQ----", "bbhiqhiq-----", "hhhiqhiq-----", "iiiiqiiq-----", "qqqqqqqq-----", "BhhiqBHIQ----", "HiiiqHHIQ----",
     "IqqqqIIIQ----", "Q----QQQQ----", "-------------", "-------------", "-------------", "-------------",
     }},
    {BIN_OR, false, false, {
     "?bhiqBHIQ----", "bbhiqhiq-----", "hhhiqhiq-----", "iiiiqiiq-----", "qqqqqqqq-----", "BhhiqBHIQ----", "HiiiqHHIQ----",
     "IqqqqIIIQ----", "Q----QQQQ----", "-------------", "-------------", "-------------", "-------------",
     }},
    {BIN_XOR, false, false, {
     "?bhiqBHIQ----", "bbhiqhiq-----", "hhhiqhiq-----", "iiiiqiiq-----", "qqqqqqqq-----", "BhhiqBHIQ----", "HiiiqHHIQ----",
     "IqqqqIIIQ----", "Q----QQQQ----", "-------------", "-------------", "-------------", "-------------",
     }},
    {-1, true, false, {
     "?bhiqBHIQfdFD", ".............", ".............", ".............", "qbhiqBHIQfdFD", ".............", ".............",
     ".............", ".............", ".............", "dddddddddfdFD", ".............", "DDDDDDDDDFDFD",
     }},
    {BIN_ADD, true, false, {
     "?bhiqBHIQfdFD", ".............", ".............", ".............", "qbhiqBHIQfdFD", ".............", ".............",
     ".............", ".............", ".............", "dddddddddfdFD", ".............", "DDDDDDDDDFDFD",
     }},
    {BIN_SUB, true, false, {
     "-bhiqBHIQfdFD", ".............", ".............", ".............", "qbhiqBHIQfdFD", ".............", ".............",
     ".............", ".............", ".............", "dddddddddfdFD", ".............", "DDDDDDDDDFDFD",
     }},
    {BIN_MUL, true, false, {
     "?bhiqBHIQfdFD", ".............", ".............", ".............", "qbhiqBHIQfdFD", ".............", ".............",
     ".............", ".............", ".............", "dddddddddfdFD", ".............", "DDDDDDDDDFDFD",
     }},
    {BIN_MATMUL, true, false, {
     "?bhiqBHIQfdFD", ".............", ".............", ".............", "qbhiqBHIQfdFD", ".............", ".............",
     ".............", ".............", ".............", "dddddddddfdFD", ".............", "DDDDDDDDDFDFD",
     }},
    {BIN_DIV, true, false, {
     "dddddddddfdFD", ".............", ".............", ".............", "dddddddddfdFD", ".............", ".............",
     ".............", ".............", ".............", "dddddddddfdFD", ".............", "DDDDDDDDDFDFD",
     }},
    {BIN_FLOORDIV, true, false, {
     "bbhiqBHIQfd--", ".............", ".............", ".............", "qbhiqBHIQfd--", ".............", ".............",
     ".............", ".............", ".............", "dddddddddfd--", ".............", "-------------",
     }},
    {BIN_MOD, true, false, {
     "bbhiqBHIQfd--", ".............", ".............", ".............", "qbhiqBHIQfd--", ".............", ".............",
     ".............", ".............", ".............", "dddddddddfd--", ".............", "-------------",
     }},
    {BIN_POW, true, false, {
     "bbhiqBHIQfdFD", ".............", ".............", ".............", "qbhiqBHIQfdFD", ".............", ".............",
     ".............", ".............", ".............", "dddddddddfdFD", ".............", "DDDDDDDDDFDFD",
     }},
    {BIN_SHL, true, false, {
     "bbhiqBHIQ----", ".............", ".............", ".............", "qbhiqBHIQ----", ".............", ".............",
     ".............", ".............", ".............", "-------------", ".............", "-------------",
     }},
    {BIN_SHR, true, false, {
     "bbhiqBHIQ----", ".............", ".............", ".............", "qbhiqBHIQ----", ".............", ".............",
     ".............", ".............", ".............", "-------------", ".............", "-------------",
     }},
    {BIN_AND, true, false, {
     "?bhiqBHIQ----", ".............", ".............", ".............", "qbhiqBHIQ----", ".............", ".............",
     ".............", ".............", ".............", "-------------", ".............", "-------------",
     }},
    {BIN_OR, true, false, {
     "?bhiqBHIQ----", ".............", ".............", ".............", "qbhiqBHIQ----", ".............", ".............",
     ".............", ".............", ".............", "-------------", ".............", "-------------",
     }},
    {BIN_XOR, true, false, {
     "?bhiqBHIQ----", ".............", ".............", ".............", "qbhiqBHIQ----", ".............", ".............",
     ".............", ".............", ".............", "-------------", ".............", "-------------",
     }},
    {-1, false, true, {
     "?...q.....d.D", "b...b.....d.D", "h...h.....d.D", "i...i.....d.D", "q...q.....d.D", "B...B.....d.D", "H...H.....d.D",
     "I...I.....d.D", "Q...Q.....d.D", "f...f.....f.F", "d...d.....d.D", "F...F.....F.F", "D...D.....D.D",
     }},
    {BIN_ADD, false, true, {
     "?...q.....d.D", "b...b.....d.D", "h...h.....d.D", "i...i.....d.D", "q...q.....d.D", "B...B.....d.D", "H...H.....d.D",
     "I...I.....d.D", "Q...Q.....d.D", "f...f.....f.F", "d...d.....d.D", "F...F.....F.F", "D...D.....D.D",
     }},
    {BIN_SUB, false, true, {
     "-...q.....d.D", "b...b.....d.D", "h...h.....d.D", "i...i.....d.D", "q...q.....d.D", "B...B.....d.D", "H...H.....d.D",
     "I...I.....d.D", "Q...Q.....d.D", "f...f.....f.F", "d...d.....d.D", "F...F.....F.F", "D...D.....D.D",
     }},
    {BIN_MUL, false, true, {
     "?...q.....d.D", "b...b.....d.D", "h...h.....d.D", "i...i.....d.D", "q...q.....d.D", "B...B.....d.D", "H...H.....d.D",
     "I...I.....d.D", "Q...Q.....d.D", "f...f.....f.F", "d...d.....d.D", "F...F.....F.F", "D...D.....D.D",
     }},
    {BIN_MATMUL, false, true, {
     "?...q.....d.D", "b...b.....d.D", "h...h.....d.D", "i...i.....d.D", "q...q.....d.D", "B...B.....d.D", "H...H.....d.D",
     "I...I.....d.D", "Q...Q.....d.D", "f...f.....f.F", "d...d.....d.D", "F...F.....F.F", "D...D.....D.D",
     }},
    {BIN_DIV, false, true, {
     "d...d.....d.D", "d...d.....d.D", "d...d.....d.D", "d...d.....d.D", "d...d.....d.D", "d...d.....d.D", "d...d.....d.D",
     "d...d.....d.D", "d...d.....d.D", "f...f.....f.F", "d...d.....d.D", "F...F.....F.F", "D...D.....D.D",
     }},
    {BIN_FLOORDIV, false, true, {
     "b...q.....d.-", "b...b.....d.-", "h...h.....d.-", "i...i.....d.-", "q...q.....d.-", "B...B.....d.-", "H...H.....d.-",
     "I...I.....d.-", "Q...Q.....d.-", "f...f.....f.-", "d...d.....d.-", "-...-.....-.-", "-...-.....-.-",
     }},
    {BIN_MOD, false, true, {
     "b...q.....d.-", "b...b.....d.-", "h...h.....d.-", "i...i.....d.-", "q...q.....d.-", "B...B.....d.-", "H...H.....d.-",
     "I...I.....d.-", "Q...Q.....d.-", "f...f.....f.-", "d...d.....d.-", "-...-.....-.-", "-...-.....-.-",
     }},
    {BIN_POW, false, true, {
     "b...q.....d.D", "b...b.....d.D", "h...h.....d.D", "i...i.....d.D", "q...q.....d.D", "B...B.....d.D", "H...H.....d.D",
     "I...I.....d.D", "Q...Q.....d.D", "f...f.....f.F", "d...d.....d.D", "F...F.....F.F", "D...D.....D.D",
     }},
    {BIN_SHL, false, true, {
     "b...q.....-.-", "b...b.....-.-", "h...h.....-.-", "i...i.....-.-", "q...q.....-.-", "B...B.....-.-", "H...H.....-.-",
     "I...I.....-.-", "Q...Q.....-.-", "-...-.....-.-", "-...-.....-.-", "-...-.....-.-", "-...-.....-.-",
     }},
    {BIN_SHR, false, true, {
     "b...q.....-.-", "b...b.....-.-", "h...h.....-.-", "i...i.....-.-", "q...q.....-.-", "B...B.....-.-", "H...H.....-.-",
     "I...I.....-.-", "Q...Q.....-.-", "-...-.....-.-", "-...-.....-.-", "-...-.....-.-", "-...-.....-.-",
     }},
    {BIN_AND, false, true, {
     "?...q.....-.-", "b...b.....-.-", "h...h.....-.-", "i...i.....-.-", "q...q.....-.-", "B...B.....-.-", "H...H.....-.-",
     "I...I.....-.-", "Q...Q.....-.-", "-...-.....-.-", "-...-.....-.-", "-...-.....-.-", "-...-.....-.-",
     }},
    {BIN_OR, false, true, {
     "?...q.....-.-", "b...b.....-.-", "h...h.....-.-", "i...i.....-.-", "q...q.....-.-", "B...B.....-.-", "H...H.....-.-",
     "I...I.....-.-", "Q...Q.....-.-", "-...-.....-.-", "-...-.....-.-", "-...-.....-.-", "-...-.....-.-",
     }},
    {BIN_XOR, false, true, {
     "?...q.....-.-", "b...b.....-.-", "h...h.....-.-", "i...i.....-.-", "q...q.....-.-", "B...B.....-.-", "H...H.....-.-",
     "I...I.....-.-", "Q...Q.....-.-", "-...-.....-.-", "-...-.....-.-", "-...-.....-.-", "-...-.....-.-",
     }},
};

/* Scalars, as numba types them: operator, then one string of results for each left operand. */
static const ScalarRow scalar_rows[] = {
    {BIN_ADD, {
     "qqqqqqqqqfdFD", "qqqqqqqqqfdFD", "qqqqqqqqqfdFD", "qqqqqqqqqddDD", "qqqqqqqqqddDD", "qqqqqQQQQfdFD", "qqqqqQQQQddDD",
     "qqqqqQQQQddDD", "qqqqqQQQQddDD", "fffddfdddfdFD", "dddddddddddDD", "FFFDDFDDDFDFD", "DDDDDDDDDDDDD",
     }},
    {BIN_SUB, {
     "qqqqqqqqqfdFD", "qqqqqqqqqfdFD", "qqqqqqqqqfdFD", "qqqqqqqqqddDD", "qqqqqqqqqddDD", "qqqqqQQQQfdFD", "qqqqqQQQQddDD",
     "qqqqqQQQQddDD", "qqqqqQQQQddDD", "fffddfdddfdFD", "dddddddddddDD", "FFFDDFDDDFDFD", "DDDDDDDDDDDDD",
     }},
    {BIN_MUL, {
     "qqqqqqqqqfdFD", "qqqqqqqqqfdFD", "qqqqqqqqqfdFD", "qqqqqqqqqddDD", "qqqqqqqqqddDD", "qqqqqQQQQfdFD", "qqqqqQQQQddDD",
     "qqqqqQQQQddDD", "qqqqqQQQQddDD", "fffddfdddfdFD", "dddddddddddDD", "FFFDDFDDDFDFD", "DDDDDDDDDDDDD",
     }},
    {BIN_MATMUL, {
     "-------------", "-------------", "-------------", "-------------", "-------------", "-------------", "-------------",
     "-------------", "-------------", "-------------", "-------------", "-------------", "-------------",
     }},
    {BIN_DIV, {
     "dddddddddfdFD", "dddddddddfdFD", "dddddddddfdFD", "dddddddddddDD", "dddddddddddDD", "dddddddddfdFD", "dddddddddddDD",
     "dddddddddddDD", "dddddddddddDD", "fffddfdddfdFD", "dddddddddddDD", "FFFDDFDDDFDFD", "DDDDDDDDDDDDD",
     }},
    {BIN_FLOORDIV, {
     "qqqqqqqqqfd--", "qqqqqqqqqfd--", "qqqqqqqqqfd--", "qqqqqqqqqdd--", "qqqqqqqqqdd--", "qqqqqQQQQfd--", "qqqqqQQQQdd--",
     "qqqqqQQQQdd--", "qqqqqQQQQdd--", "fffddfdddfd--", "ddddddddddd--", "-------------", "-------------",
     }},
    {BIN_MOD, {
     "qqqqqqqqqfd--", "qqqqqqqqqfd--", "qqqqqqqqqfd--", "qqqqqqqqqdd--", "qqqqqqqqqdd--", "qqqqqQQQQfd--", "qqqqqQQQQdd--",
     "qqqqqQQQQdd--", "qqqqqQQQQdd--", "fffddfdddfd--", "ddddddddddd--", "-------------", "-------------",
     }},
    {BIN_POW, {
     "qqqqqqqqqfdFD", "qqqqqqqqqfdFD", "qqqqqqqqqfdFD", "qqqqqqqqqddDD", "qqqqqqqqqddDD", "qqqqqQQQQfdFD", "qqqqqQQQQddDD",
     "qqqqqQQQQddDD", "qqqqqQQQQddDD", "ffffffffffdFD", "dddddddddddDD", "FFFDDFDDDFDFD", "DDDDDDDDDDDDD",
     }},
    {BIN_SHL, {
     "qqqqqqqqq----", "qqqqqqqqq----", "qqqqqqqqq----", "qqqqqqqqq----", "qqqqqqqqq----", "QQQQQQQQQ----", "QQQQQQQQQ----",
     "QQQQQQQQQ----", "QQQQQQQQQ----", "-------------", "-------------", "-------------", "-------------",
     }},
    {BIN_SHR, {
     "qqqqqqqqq----", "qqqqqqqqq----", "qqqqqqqqq----", "qqqqqqqqq----", "qqqqqqqqq----", "QQQQQQQQQ----", "QQQQQQQQQ----",
     "QQQQQQQQQ----", "QQQQQQQQQ----", "-------------", "-------------", "-------------", "-------------",
     }},
    {BIN_AND, {
     "?qqqqqqqq----", "qqqqqqqqq----", "qqqqqqqqq----", "qqqqqqqqq----", "qqqqqqqqq----", "qqqqqQQQQ----", "qqqqqQQQQ----",
     "qqqqqQQQQ----", "qqqqqQQQQ----", "-------------", "-------------", "-------------", "-------------",
     }},
    {BIN_OR, {
     "?qqqqqqqq----", "qqqqqqqqq----", "qqqqqqqqq----", "qqqqqqqqq----", "qqqqqqqqq----", "qqqqqQQQQ----", "qqqqqQQQQ----",
     "qqqqqQQQQ----", "qqqqqQQQQ----", "-------------", "-------------", "-------------", "-------------",
     }},
    {BIN_XOR, {
     "?qqqqqqqq----", "qqqqqqqqq----", "qqqqqqqqq----", "qqqqqqqqq----", "qqqqqqqqq----", "qqqqqQQQQ----", "qqqqqQQQQ----",
     "qqqqqQQQQ----", "qqqqqQQQQ----", "-------------", "-------------", "-------------", "-------------",
     }},
};

/* Where two scalars meet. */
static const char *const unify_rows[DT_COUNT] = {
    "?bhiqBHIQfdFD",
    "bbhiqhiqqfdFD",
    "hhhiqhiqqfdFD",
    "iiiiqiiqqddDD",
    "qqqqqqqqqddDD",
    "BhhiqBHIQfdFD",
    "HiiiqHHIQfdFD",
    "IqqqqIIIQddDD",
    "QqqqqQQQQddDD",
    "fffddffddfdFD",
    "dddddddddddDD",
    "FFFDDFFDDFDFD",
    "DDDDDDDDDDDDD",
};

#endif
