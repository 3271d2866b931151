extension SessionSettings {
    /// A settings file with every key, its default and what it means, for `tomopilot init`.
    public static let commentedExample = """
        # A TomoPilot session. Every key below is known; those with a value are at their default unless marked 'yours'.
        # An unknown key or a value out of range is refused before anything is sent to the microscope.

        # --- Where ---
        session_dir: ./session            # yours: one folder per grid is made in it; SerialEM must see the same path
        serialem_host: 127.0.0.1          # where SerialEM runs
        serialem_port: 48888              # as its property line 'SocketServerPort 8 <port>' says
        # Models: a folder, or a name that 'tomopilot models' lists; without a line here the one that 'tomopilot models activate' named.
        WG_model: Models/lamella-detector-sim    # yours: finds lamellae
        MM_model: Models/lamella-segmenter-sim   # yours: segments them

        segmentation_profile: accurate    # accurate: as MM_model was made; balanced: no mirror images; fast: one fold and fewer windows, too

        # --- How far ---
        automation_level: 4               # 1 grid map, 2 lamella maps, 3 segmentation, 4 targets, 5 acquisition
        grid_list: [1]                    # cassette slots, in order
        script_numbers: [10, 11, 13]      # SerialEM scripts: run, prepareTargets, PACEtomo (level 5 starts the last)
        acquisition: pacetomo             # serialem (experimental, not tried with SerialEM): items for its own parallel tilt series, which people start
        acquisition_hours: 48             # longest time that Acquire at Items may take for one grid
        on_grid_failure: stop             # a grid that fails: stop the session, skip the grid, retry it once and then skip it
        # grids:                          # what holds for single grids, by slot
        #     1:
        #         name: Neuron_1          # refused unless the cassette says so
        #         automation_level: 2
        #         on_failure: retry
        #         target_list: [mitos]    # also exclude_lamella_classes and uncertain_steps, avoid_list, target_score_threshold,
        #                                 # sparse_targets, target_edge, penalty_weight, extra_tracking, max_tilt,
        #                                 # class_weights, class_rules, minimum_object, per_instance, max_targets, min_distance,
        #                                 # maximum_dose_before_acquisition
        uncertain_steps: stop             # an exposure that was begun and cannot be settled: stop and ask a person, skip the lamella, repeat it

        # --- Microscope ---
        WG_image_state: 1                 # imaging state of the grid map (not Low Dose)
        IM_image_state: 2                 # imaging state of the intermediate image (not Low Dose, another magnification)
        MM_image_state: [3]               # Low Dose states, set in this order
        aperture_control: true            # objective aperture out for the grid map, in for medium magnification
        c2_apertures: [0, 0, 0]           # µm for whole grid, intermediate, medium; 0 leaves it alone
        objective_aperture: 100           # µm at medium magnification
        stage_limit: 990                  # µm; the stage is never sent further in x or y
        WG_montage_overlap: 0.15          # fraction of a frame
        MM_montage_overlap: 0.25          # fraction of the shorter camera side
        MM_padding_factor: 1.5            # how much larger than the lamella its map is

        # --- Safety ---
        interlocks: [dewars, vacuum, valves, autoloader, stage, beam, disk]   # must be well before anything is exposed; the session waits
        interlock_hours: 12               # for so long, then it stops
        safe_state: [beam, tilt, valves]  # at every end: blank the beam, tilt to 0, close the column valves; screen: lower it
        disk_reserve: 1                   # GB that must be left on SerialEM's disk after each map
        minimum_beam_current: 0           # nA of a gun that tells it; 0 does not look
        maximum_dose_before_acquisition: 0   # e/Å² on a lamella before its tilt series; a step beyond is not done; 0: no limit

        # --- Inspection ---
        WG_wait_for_inspection: false     # true: wait before level 2 until somebody has confirmed the lamellae
        MM_wait_for_inspection: false     # true: wait after level 4 until somebody has confirmed the targets
        inspection_reminder: 30           # minutes after which people are told again; 0 never
        inspection_hours: 12              # for so long the session waits, then
        inspection_timeout: skip          # skip: the rest of the grid is left out; go_on: as if it had been confirmed

        # --- Lamellae ---
        lamella: true
        exclude_lamella_classes: [gone]   # of broken, contaminated, good, thick, wedge, gone
        WG_detection_threshold: 0.25      # boxes with a lower score are dropped
        WG_distance_threshold: 5          # µm; lamellae nearer to each other are one

        # --- Where maps are analysed ---
        analysis: local                   # local: here; workers: by 'tomopilot worker' on other machines; slurm: by the facility's cluster
        analysis_host: 127.0.0.1          # this computer, as the workers reach it; beyond 127.0.0.1 they need a token
        analysis_port: 48901              # where it listens for them
        # analysis_token_file: token      # a file of mode 600 with one word of at least 16 letters and digits
        analysis_wait: 10                 # minutes that a map waits for a worker, then see analysis_fallback
        analysis_time_limit: 60           # minutes that a worker may take for a map
        analysis_lease: 60                # seconds without a word from a worker, then another one gets its map
        analysis_attempts: 3              # how often a map may be lost, then
        analysis_fallback: local          # local: it is analysed here; report: that lamella or grid fails
        analysis_jobs: 8                  # maps that are handed over at a time
        # slurm_partition: gpu            # the cluster's own if not given
        slurm_exclude: []                 # nodes that are not to be used
        slurm_arguments: []               # more arguments of sbatch, such as ['--gres=gpu:1', '--mem=8G']
        slurm_worker: tomopilot           # the program on the nodes

        # --- Targets ---
        target_list: [mitos]              # classes to aim at; 'lamella' first means all that are not avoided
        avoid_list: [black, white, ice, crack, dynabeads]   # those of SPACEtomo's classes that the model lacks are left out
        target_score_threshold: 0.01      # 0 to 1
        sparse_targets: true              # per object (true) or on a rigid grid (false)
        target_edge: false                # aim at the edges of the classes
        penalty_weight: 0.3               # what an avoided class takes from a score
        extra_tracking: false             # a tracking target of its own
        max_tilt: 60                      # degrees; beams must not overlap up to this tilt
        IS_limit: 0                       # µm from the tracking target; 0: as far as SerialEM and PACEtomo shift
        target_order: path                # of an area's targets: path of the image shift, or best score first
        target_seed: 31335                # the same seed gives the same targets of the same map, byte by byte
        class_weights: {}                 # what classes count that do not count 1: wanted ones 0 to 1, avoided ones 0 to 10, such as {cell: 0.5, ice: 2}
        class_rules: []                   # where a class does not count, 'within' in µm; both kinds of rule:
        #   - {class: mitos, suppressed_by: ice, within: 0.1}        # not so near to ice
        #   - {class: vesicles, only_near: membranes, within: 1}     # nowhere else
        minimum_object: 0                 # µm²; smaller objects of the wanted classes do not count
        per_instance: 0                   # the most targets of one object, such as a cell; 0: any number
        max_targets: 0                    # the most targets of a lamella; 0: any number
        min_distance: 0                   # µm between two targets, beyond what the beams need
        pretilt: 0                        # degrees; how steeply lamellae are inclined about the tilt axis on the untilted stage
        auto_start_tilt: false            # tilt series start where the lamella lies flat (autoStartTilt of PACEtomo's script)
        penalty_window: field             # where avoided classes cost: in the camera's field, or in all that is swept up to max_tilt (swept)
        clear_centre: true                # no avoided class within half the shorter side of the field of a target's centre

        """
}
