"""Variables (4.2)."""
from harness import Section, equal, near, nothing, numbers, refused

section = Section("variables")
check = section.check


@check("SetVariable", "GetVariable")
def a_variable_is_text_and_its_name_has_no_case(sem):
    nothing("SetVariable", sem.SetVariable("someName", "a b"))
    equal("GetVariable", sem.GetVariable("SOMEname"), "a b")
    sem.SetVariable("number", "12.5")
    equal("a number as text", sem.GetVariable("number"), "12.5")
    refused(sem, "GetVariable", "neverSet")


@check("SetVariable")
def a_dollar_is_only_a_character(sem):
    sem.SetVariable("first", "1")
    sem.SetVariable("second", "$first")
    equal("no variable is substituted", sem.GetVariable("second"), "$first")


@check("SetPersistentVar", "ClearPersistentVars", "IsVariableDefined")
def persistent_variables_stay_until_cleared(sem):
    nothing("SetPersistentVar", sem.SetPersistentVar("night", "3"))
    sem.Exit(1)
    equal("IsVariableDefined", sem.IsVariableDefined("NIGHT"), 1)
    equal("GetVariable", sem.GetVariable("night"), "3")
    nothing("ClearPersistentVars", sem.ClearPersistentVars())
    equal("IsVariableDefined after clearing", sem.IsVariableDefined("night"), 0)


@check("SetFloatVariable")
def a_float_variable_comes_back_as_a_number(sem):
    nothing("SetFloatVariable", sem.SetFloatVariable("height", -12.25))
    equal("GetVariable", numbers("height", sem.GetVariable("height"), 1), -12.25)
    sem.SetFloatVariable("lasting", 2, 1)
    sem.Exit(1)
    equal("a persistent one in the next period", sem.GetVariable("lasting"), 2)
    equal("a regular one in the next period", sem.IsVariableDefined("height"), 0)


@check("MakeVarPersistent", "ClearNonPersistentVars")
def a_variable_can_be_made_persistent(sem):
    sem.SetVariable("changed", "text")
    nothing("MakeVarPersistent", sem.MakeVarPersistent("changed"))
    refused(sem, "MakeVarPersistent", "changed")
    sem.SetVariable("lost", "text")
    nothing("ClearNonPersistentVars", sem.ClearNonPersistentVars())
    equal("the persistent one", sem.IsVariableDefined("changed"), 1)
    equal("the other", sem.IsVariableDefined("lost"), 0)


@check("ListVars", "ListPersistentVars")
def lists_of_variables_go_to_the_log(sem):
    nothing("ListVars", sem.ListVars())
    nothing("ListPersistentVars", sem.ListPersistentVars())


@check("ArrayStatistics")
def the_statistics_of_an_array_are_six_numbers(sem):
    sem.SetVariable("values", "1\n2\n3\n4\n10")
    near("n, min, max, mean, SD, median", numbers("ArrayStatistics", sem.ArrayStatistics("values"), 6),
         (5, 1, 10, 4, 3.535534, 3), 1e-3)
    refused(sem, "ArrayStatistics", "neverSet")


if __name__ == "__main__":
    section.run()
