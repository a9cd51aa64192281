0a1
> loopjit: error: cannot open 'p*.lp': No such file or directory
